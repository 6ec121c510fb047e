package penstock

import (
	"errors"
	"reflect"
	"testing"
)

type nothing struct{}

func (nothing) Handle(*Message) error { return nil }

var twoSettings = Plugin{
	Settings: []Setting{{Name: "word", Doc: "A word", Required: true}, {Name: "days", Default: "7"}},
	Configure: func(topic string, settings Settings) (Handler, error) {
		if settings.Get("days", "7") == "0" {
			return nil, errors.Join(SettingError{"days", "too few"}, errors.New("broken"))
		}
		return nothing{}, nil
	},
}

func TestSettingsAreHeldToWhatIsDeclared(t *testing.T) {
	for _, of := range []struct {
		given   Settings
		refused []SettingError
	}{
		{Settings{"word": "x"}, nil},
		{Settings{"word": "x", "days": "1"}, nil},
		{Settings{}, []SettingError{{"word", "must be given: A word"}}},
		{Settings{"wrod": "x", "word": ""},
			[]SettingError{{"wrod", "unknown setting; this plugin knows: word, days"}}},
		{Settings{"word": "x", "days": "0"}, []SettingError{{"days", "too few"}, {"", "broken"}}},
	} {
		handler, err := twoSettings.New("topic", of.given)
		if err == nil {
			if handler == nil || of.refused != nil {
				t.Errorf("%v: taken", of.given)
			}
		} else if got := SettingErrors(err); !reflect.DeepEqual(got, of.refused) {
			t.Errorf("%v: %v", of.given, got)
		}
	}
}
