package pipefitter

import (
	"encoding"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Config reads the configuration into *config, a struct:
//
//		var config struct {
//			Greeting string   `config:"greeting" default:"Hello"`
//			MinWords int      `config:"min-words,required"`
//			Exclude  []string `config:"exclude"`
//			OnError  string   `config:"on-error" default:"fail" values:"fail,warn"`
//		}
//		err := job.Config(&config)
//
//	  - Texts, booleans, numbers and [time.Duration] (90s, 5m) are read from the value's text; so is any type with
//	    UnmarshalText.
//	  - A slice is a list with commas: docs/*, *.md. [JSON] reads anything else.
//	  - A pointer stays nil where the key is absent or its value empty.
//	  - A key that is absent leaves its field as it was, or takes what default says. An empty value counts as absent,
//	    except for a string. With required there must be one.
//	  - values lists what a text may be.
//	  - A field without a tag takes the keys that differ only in how words are joined: MinWords is min-words, min_words
//	    or minWords. A tag "-" leaves it out.
//
// It fails with a configuration error that names the key and what it takes.
func (job *Job) Config(config any) error {
	pointer := reflect.ValueOf(config)
	if pointer.Kind() != reflect.Pointer || pointer.IsNil() || pointer.Elem().Kind() != reflect.Struct {
		return fmt.Errorf("reading the configuration: give a pointer to a struct instead of %T", config)
	}
	return readStruct(job.Configuration, pointer.Elem())
}

// JSON is a field of a configuration that is read as JSON, such as a map or a struct:
//
//	Labels pipefitter.JSON[map[string]string] `config:"labels"`
//
// A plugin that has none, and no token but strings, does not carry encoding/json, which is a third of a small
// component.
type JSON[T any] struct {
	// Value is what was read.
	Value T
}

// UnmarshalText reads JSON.
func (field *JSON[T]) UnmarshalText(text []byte) error {
	return json.Unmarshal(text, &field.Value)
}

func readStruct(configuration map[string]string, target reflect.Value) error {
	for at := range target.NumField() {
		field := target.Type().Field(at)
		if field.Anonymous && field.Type.Kind() == reflect.Struct {
			if err := readStruct(configuration, target.Field(at)); err != nil {
				return err
			}
			continue
		}
		tag := field.Tag.Get("config")
		if !field.IsExported() || tag == "-" {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		key, text, given := lookUp(configuration, field.Name, name)
		if text == "" && field.Type.Kind() != reflect.String {
			given = false
		}
		if !given {
			if options == "required" {
				return ConfigurationKey(key, "a value is required")
			}
			if text, given = field.Tag.Lookup("default"); !given {
				continue
			}
		}
		if err := readField(field, text, target.Field(at)); err != nil {
			return ConfigurationKey(key, "%w", err)
		}
	}
	return nil
}

// The key that a field is read from, its value, and whether it is there.
func lookUp(configuration map[string]string, field, name string) (string, string, bool) {
	if name != "" {
		value, ok := configuration[name]
		return name, value, ok
	}
	wanted := joined(field)
	for key, value := range configuration {
		if joined(key) == wanted {
			return key, value, true
		}
	}
	return dashed(field), "", false
}

func joined(name string) string {
	return strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(name))
}

// MinWords as a form would have it: min-words.
func dashed(name string) string {
	var key strings.Builder
	for at, letter := range name {
		if at > 0 && 'A' <= letter && letter <= 'Z' {
			key.WriteByte('-')
		}
		key.WriteString(strings.ToLower(string(letter)))
	}
	return key.String()
}

func readField(field reflect.StructField, text string, target reflect.Value) error {
	if allowed, ok := field.Tag.Lookup("values"); ok && !slices.Contains(strings.Split(allowed, ","), text) {
		return fmt.Errorf("%s is not one of `%s`", shown(text), strings.ReplaceAll(allowed, ",", "`, `"))
	}
	return read(text, target)
}

func read(text string, target reflect.Value) error {
	if target.Kind() == reflect.Pointer {
		if target.IsNil() {
			target.Set(reflect.New(target.Type().Elem()))
		}
		return read(text, target.Elem())
	}
	if reads, ok := target.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if err := reads.UnmarshalText([]byte(text)); err != nil {
			return fmt.Errorf("%s cannot be read: %w", shown(text), err)
		}
		return nil
	}
	trimmed := strings.TrimSpace(text)
	if target.Type() == reflect.TypeFor[time.Duration]() {
		duration, err := time.ParseDuration(trimmed)
		if err != nil {
			return fmt.Errorf("%s is not a time such as `90s`, `5m` or `1h30m`", shown(text))
		}
		target.SetInt(int64(duration))
		return nil
	}
	switch target.Kind() {
	case reflect.String:
		target.SetString(text)
	case reflect.Bool:
		switch strings.ToLower(trimmed) {
		case "true":
			target.SetBool(true)
		case "false":
			target.SetBool(false)
		default:
			return fmt.Errorf("%s is not `true` or `false`", shown(text))
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		bits := target.Type().Bits()
		number, err := strconv.ParseInt(trimmed, 10, bits)
		if err != nil {
			most := int64(math.MaxInt64) >> (64 - bits)
			return fmt.Errorf("%s is not a whole number from %d to %d", shown(text), -most-1, most)
		}
		target.SetInt(number)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		bits := target.Type().Bits()
		number, err := strconv.ParseUint(trimmed, 10, bits)
		if err != nil {
			return fmt.Errorf("%s is not a whole number from 0 to %d", shown(text), uint64(math.MaxUint64)>>(64-bits))
		}
		target.SetUint(number)
	case reflect.Float32, reflect.Float64:
		number, err := strconv.ParseFloat(trimmed, target.Type().Bits())
		if err != nil || math.IsInf(number, 0) || math.IsNaN(number) {
			return fmt.Errorf("%s is not a number", shown(text))
		}
		target.SetFloat(number)
	case reflect.Slice:
		return readList(text, target)
	default:
		return fmt.Errorf("the plugin reads it as %s, which a text cannot be: pipefitter.JSON can", target.Type())
	}
	return nil
}

func readList(text string, target reflect.Value) error {
	list := reflect.MakeSlice(target.Type(), 0, 0)
	for item := range strings.SplitSeq(text, ",") {
		item = strings.TrimSpace(item)
		if item == "" {
			continue
		}
		value := reflect.New(target.Type().Elem()).Elem()
		if err := read(item, value); err != nil {
			return err
		}
		list = reflect.Append(list, value)
	}
	target.Set(list)
	return nil
}

func shown(text string) string {
	const characters = 60
	if utf8.RuneCountInString(text) <= characters {
		return "`" + text + "`"
	}
	return "`" + string([]rune(text)[:characters]) + "...`"
}
