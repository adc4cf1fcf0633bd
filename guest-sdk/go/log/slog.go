package log

import (
	"context"
	"log/slog"

	"pipefitter/internal/host"
)

// Handler gives a handler of log/slog that writes to the job's log:
//
//	slog.SetDefault(slog.New(log.Handler()))
//
// The standard package log then writes there, too. Times and groups without attributes are left out; the name of a
// group stands before those of its attributes, with a dot.
func Handler() slog.Handler { return handler{} }

type handler struct {
	fields [][2]string
	prefix string
}

func (handler) Enabled(_ context.Context, level slog.Level) bool {
	return levelOf(level) >= Threshold()
}

func (h handler) Handle(_ context.Context, record slog.Record) error {
	fields := append([][2]string(nil), h.fields...)
	record.Attrs(func(attribute slog.Attr) bool {
		fields = appendAttribute(fields, h.prefix, attribute)
		return true
	})
	host.Write(uint8(levelOf(record.Level)), record.Message, fields)
	return nil
}

func (h handler) WithAttrs(attributes []slog.Attr) slog.Handler {
	h.fields = append([][2]string(nil), h.fields...)
	for _, attribute := range attributes {
		h.fields = appendAttribute(h.fields, h.prefix, attribute)
	}
	return h
}

func (h handler) WithGroup(name string) slog.Handler {
	if name != "" {
		h.prefix += name + "."
	}
	return h
}

func appendAttribute(fields [][2]string, prefix string, attribute slog.Attr) [][2]string {
	value := attribute.Value.Resolve()
	if value.Kind() != slog.KindGroup {
		if attribute.Equal(slog.Attr{}) {
			return fields
		}
		return append(fields, [2]string{prefix + attribute.Key, value.String()})
	}
	if attribute.Key != "" {
		prefix += attribute.Key + "."
	}
	for _, inner := range value.Group() {
		fields = appendAttribute(fields, prefix, inner)
	}
	return fields
}

func levelOf(level slog.Level) Level {
	switch {
	case level < slog.LevelDebug:
		return LevelTrace
	case level < slog.LevelInfo:
		return LevelDebug
	case level < slog.LevelWarn:
		return LevelInfo
	case level < slog.LevelError:
		return LevelWarn
	default:
		return LevelError
	}
}
