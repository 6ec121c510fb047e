package penstock

import (
	"context"
	"log/slog"
	"strings"

	"penstock/sdk/internal/host"
)

// LevelTrace is below slog's own levels: step by step.
const LevelTrace = slog.LevelDebug - 4

// The default logger of log/slog, and through it that of log, writes to the host's log. Lines are
// capped in number and in bytes for each record.
func init() { slog.SetDefault(slog.New(&logger{})) }

// logger writes lines as slog's text handler does, without time and level: the host has its own.
type logger struct {
	inner []func(slog.Handler) slog.Handler
}

func level(of slog.Level) host.Level {
	switch {
	case of < slog.LevelDebug:
		return host.Trace
	case of < slog.LevelInfo:
		return host.Debug
	case of < slog.LevelWarn:
		return host.Info
	case of < slog.LevelError:
		return host.Warn
	default:
		return host.Error
	}
}

func (*logger) Enabled(_ context.Context, of slog.Level) bool {
	return host.Current != nil && level(of) >= host.Current.MaxLevel()
}

func (logger *logger) Handle(ctx context.Context, record slog.Record) error {
	message := record.Message
	var attributes strings.Builder
	var handler slog.Handler = slog.NewTextHandler(&attributes, &slog.HandlerOptions{
		Level:       LevelTrace,
		ReplaceAttr: withoutBuiltIn,
	})
	for _, wrap := range logger.inner {
		handler = wrap(handler)
	}
	if err := handler.Handle(ctx, record); err != nil {
		return err
	}
	text := strings.TrimSpace(message + " " + strings.TrimSuffix(attributes.String(), "\n"))
	host.Current.Log(level(record.Level), text)
	return nil
}

func (logger *logger) with(wrap func(slog.Handler) slog.Handler) slog.Handler {
	inner := append(logger.inner[:len(logger.inner):len(logger.inner)], wrap)
	return newLogger(inner)
}

func newLogger(inner []func(slog.Handler) slog.Handler) slog.Handler {
	made := new(logger)
	made.inner = inner
	return made
}

func (logger *logger) WithAttrs(attributes []slog.Attr) slog.Handler {
	return logger.with(func(inner slog.Handler) slog.Handler { return inner.WithAttrs(attributes) })
}

func (logger *logger) WithGroup(name string) slog.Handler {
	return logger.with(func(inner slog.Handler) slog.Handler { return inner.WithGroup(name) })
}

// withoutBuiltIn leaves out time, level and message.
func withoutBuiltIn(groups []string, attribute slog.Attr) slog.Attr {
	isBuiltIn := attribute.Key == slog.TimeKey || attribute.Key == slog.LevelKey ||
		attribute.Key == slog.MessageKey
	if len(groups) == 0 && isBuiltIn {
		return slog.Attr{}
	}
	return attribute
}
