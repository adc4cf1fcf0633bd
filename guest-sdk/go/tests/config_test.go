package tests

import (
	"errors"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"pipefitter"
	"pipefitter/pipefittertest"
)

type common struct {
	Verbose bool
}

type config struct {
	common
	Greeting string        `config:"greeting" default:"Hello"`
	MinWords int           // the key min-words
	Port     uint16        `config:"port"`
	Ratio    float64       `config:"ratio"`
	Wait     time.Duration `config:"wait" default:"90s"`
	Exclude  []string      `config:"exclude"`
	Limit    *int          `config:"limit"`
	OnError  string        `config:"on-error" default:"fail" values:"fail,warn"`
	Host     netip.Addr    `config:"host"`
	Labels   pipefitter.JSON[map[string]int]
	Skipped  string `config:"-"`
	BaseURL  string `config:"base-url"`
}

func TestConfigReadsEveryKindOfField(t *testing.T) {
	job := pipefittertest.NewJob().
		Config("verbose", "True").
		Config("min-words", " 12 ").
		Config("port", 8080).
		Config("ratio", 0.5).
		Config("exclude", "docs/*, ,*.md,").
		Config("limit", 3).
		Config("on-error", "warn").
		Config("host", "::1").
		Config("labels", `{"a": 1}`).
		Config("skipped", "x").
		Config("unknown", "x").
		Job()
	var read config
	if err := job.Config(&read); err != nil {
		t.Fatal(err)
	}
	three := 3
	wanted := config{
		common: common{Verbose: true}, Greeting: "Hello", MinWords: 12, Port: 8080, Ratio: 0.5,
		Wait: 90 * time.Second, Exclude: []string{"docs/*", "*.md"}, Limit: &three, OnError: "warn",
		Host: netip.MustParseAddr("::1"), Labels: pipefitter.JSON[map[string]int]{Value: map[string]int{"a": 1}},
	}
	if !reflect.DeepEqual(read, wanted) {
		t.Errorf("read %+v, wanted %+v", read, wanted)
	}
}

func TestEmptyValuesCountAsAbsentExceptForTexts(t *testing.T) {
	read := config{MinWords: 7}
	job := pipefittertest.NewJob().Config("greeting", "").Config("min-words", "").Config("limit", "").Job()
	if err := job.Config(&read); err != nil {
		t.Fatal(err)
	}
	if read.Greeting != "" || read.MinWords != 7 || read.Limit != nil {
		t.Errorf("read %+v", read)
	}
}

func TestKeysMayJoinWordsInAnyWay(t *testing.T) {
	for _, key := range []string{"min-words", "min_words", "minWords", "MinWords"} {
		var read config
		err := pipefittertest.NewJob().Config(key, 5).Job().Config(&read)
		if err != nil || read.MinWords != 5 {
			t.Errorf("%s: read %+v, %v", key, read, err)
		}
	}
}

func TestWhatDoesNotFitNamesTheKey(t *testing.T) {
	long := strings.Repeat("é", 61)
	for _, wrong := range []struct {
		key, value, message string
	}{
		{"min-words", "many", "configuration `min-words`: `many` is not a whole number from -9223372036854775808 to 9223372036854775807"},
		{"port", "70000", "configuration `port`: `70000` is not a whole number from 0 to 65535"},
		{"port", "-1", "configuration `port`: `-1` is not a whole number from 0 to 65535"},
		{"ratio", "NaN", "configuration `ratio`: `NaN` is not a number"},
		{"verbose", "yes", "configuration `verbose`: `yes` is not `true` or `false`"},
		{"wait", "soon", "configuration `wait`: `soon` is not a time such as `90s`, `5m` or `1h30m`"},
		{"on-error", "stop", "configuration `on-error`: `stop` is not one of `fail`, `warn`"},
		{"limit", long, "configuration `limit`: `" + long[:120] + "...` is not a whole number"},
		{"host", "x", "configuration `host`: `x` cannot be read: "},
		{"labels", "x", "configuration `labels`: `x` cannot be read: "},
	} {
		var read config
		err := pipefittertest.NewJob().Config(wrong.key, wrong.value).Job().Config(&read)
		failure := pipefitter.AsFailure(err)
		if failure == nil || failure.Kind != pipefitter.KindConfigurationError ||
			!strings.HasPrefix(failure.Message, wrong.message) {
			t.Errorf("%s = %s: %v", wrong.key, wrong.value, err)
		}
	}
}

func TestRequiredValuesMustBeThere(t *testing.T) {
	var read struct {
		Target  string `config:",required"`
		MaxSize int    `config:"max-size,required"`
	}
	err := pipefittertest.NewJob().Job().Config(&read)
	if err == nil || err.Error() != "configuration `target`: a value is required" {
		t.Error(err)
	}
	err = pipefittertest.NewJob().Config("target", "x").Config("max-size", "").Job().Config(&read)
	if err == nil || err.Error() != "configuration `max-size`: a value is required" {
		t.Error(err)
	}
}

func TestAConfigThatCannotBeReadIsThePluginsMistake(t *testing.T) {
	job := pipefittertest.NewJob().Config("events", "x").Job()
	var failure *pipefitter.Failure
	if err := job.Config(config{}); err == nil || errors.As(err, &failure) {
		t.Errorf("a struct that is not pointed to: %v", err)
	}
	var read struct{ Events map[string]int }
	if err := job.Config(&read); err == nil || !strings.Contains(err.Error(), "pipefitter.JSON can") {
		t.Errorf("a map: %v", err)
	}
}
