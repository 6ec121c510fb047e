package penstock

import (
	"errors"
	"maps"
	"slices"
	"strings"
)

// Setting is what a plugin says of one of its settings.
type Setting struct {
	Name string
	// Doc is one sentence.
	Doc string
	// Required says that it must be given.
	Required bool
	// Default holds when it is not given, for people: apply it in Configure.
	Default string
}

// Settings are what the host's configuration gives.
type Settings map[string]string

// Get is the setting's text, or another where it was not given.
func (settings Settings) Get(name, otherwise string) string {
	if text, given := settings[name]; given {
		return text
	}
	return otherwise
}

// SettingError is what is wrong with a setting.
type SettingError struct {
	Name    string
	Problem string
}

func (err SettingError) Error() string { return err.Name + ": " + err.Problem }

// New makes a handler as the host does: settings that the plugin does not declare, and required ones
// that are missing, are refused before Configure is asked.
func (plugin *Plugin) New(topic string, settings Settings) (Handler, error) {
	var refused []error
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		if !plugin.declares(name) {
			refused = append(refused, SettingError{name, "unknown setting; " + plugin.known()})
		}
	}
	for _, spec := range plugin.Settings {
		if _, there := settings[spec.Name]; spec.Required && !there {
			refused = append(refused, SettingError{spec.Name, "must be given: " + spec.Doc})
		}
	}
	if refused != nil {
		return nil, errors.Join(refused...)
	}
	return plugin.Configure(topic, settings)
}

func (plugin *Plugin) declares(name string) bool {
	for _, spec := range plugin.Settings {
		if spec.Name == name {
			return true
		}
	}
	return false
}

func (plugin *Plugin) known() string {
	if len(plugin.Settings) == 0 {
		return "this plugin has no settings"
	}
	var names []string
	for _, spec := range plugin.Settings {
		names = append(names, spec.Name)
	}
	return "this plugin knows: " + strings.Join(names, ", ")
}

// SettingErrors are those that an error of Configure holds; what is none has no name.
func SettingErrors(err error) []SettingError {
	if several, is := err.(interface{ Unwrap() []error }); is {
		var all []SettingError
		for _, one := range several.Unwrap() {
			all = append(all, SettingErrors(one)...)
		}
		return all
	}
	var one SettingError
	if errors.As(err, &one) {
		return []SettingError{one}
	}
	return []SettingError{{"", err.Error()}}
}
