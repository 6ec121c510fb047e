// Grants access to a course that was bought.
package main

import (
	"encoding/json"

	penstock "penstock/sdk"
)

var accessGranted = penstock.NewOutput(0, "access-granted",
	"COURSE_ACCESS_GRANTED, one for each purchase")

var plugin = penstock.Plugin{
	Name:      "{{name}}",
	Version:   "0.1.0",
	Outputs:   []penstock.Output{accessGranted},
	Configure: configure,
}

func init() { penstock.Export(plugin) }

// The component has no entry point of its own.
func main() {}

type handler struct{}

func configure(topic string, settings penstock.Settings) (penstock.Handler, error) {
	return handler{}, nil
}

// What is absent stays nil.
type purchase struct {
	EventID   *string `json:"eventId"`
	Type      *string `json:"type"`
	UserID    *string `json:"userId"`
	CourseID  *string `json:"courseId"`
	CreatedAt *string `json:"createdAt"`
}

type access struct {
	Type       string `json:"type"`
	EventID    string `json:"eventId"`
	UserID     string `json:"userId"`
	CourseID   string `json:"courseId"`
	PurchaseID string `json:"purchaseId"`
	GrantedAt  string `json:"grantedAt"`
}

func (handler) Handle(message *penstock.Message) error {
	if message.Value == nil {
		return penstock.Skip("tombstone", "a purchase without a value")
	}
	var event purchase
	if err := json.Unmarshal(message.Value, &event); err != nil {
		return penstock.Reject("invalid-event", "%v", err)
	}
	if event.Type == nil {
		return missing("type")
	}
	if *event.Type != "PURCHASE_CONFIRMED" {
		return penstock.Skip("other-event", "an event of type %s", *event.Type)
	}
	switch {
	case event.EventID == nil:
		return missing("eventId")
	case event.UserID == nil:
		return missing("userId")
	case event.CourseID == nil:
		return missing("courseId")
	case event.CreatedAt == nil:
		return missing("createdAt")
	}
	value, err := json.Marshal(access{
		Type: "COURSE_ACCESS_GRANTED",
		// Derived from the event's: when the record comes again, so does the id.
		EventID:    *event.EventID + "/access",
		UserID:     *event.UserID,
		CourseID:   *event.CourseID,
		PurchaseID: *event.EventID,
		GrantedAt:  *event.CreatedAt,
	})
	if err != nil {
		return err
	}
	accessGranted.Emit(message.Key, value)
	return nil
}

func missing(name string) error {
	return penstock.Reject("invalid-event", "%s: missing, expected a string", name)
}
