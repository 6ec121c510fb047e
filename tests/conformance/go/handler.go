// The conformance plugin in Go: tests/conformance/README.md says what it must do.
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	penstock "penstock/sdk"
)

var (
	out   = penstock.NewOutput(0, "out", "Whatever the record asks for")
	about = penstock.NewOutput(1, "about", "What the handler knows of each record")
)

var plugin = penstock.Plugin{
	Name:    "conformance",
	Version: "1.0.0",
	Headers: true,
	Outputs: []penstock.Output{out, about},
	Settings: []penstock.Setting{
		{Name: "word", Doc: "Any text", Required: true},
		{Name: "count", Doc: "A whole number", Default: "1"},
		{Name: "note", Doc: "Any text"},
	},
	Configure: configure,
}

func init() { penstock.Export(plugin) }

// The component has no entry point of its own.
func main() {}

type handler struct {
	topic string
	Word  string  `json:"word"`
	Count uint64  `json:"count"`
	Note  *string `json:"note"`
}

func configure(topic string, settings penstock.Settings) (penstock.Handler, error) {
	text := settings.Get("count", "1")
	count, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		problem := fmt.Sprintf("expected a whole number, found %q", text)
		return nil, penstock.SettingError{Name: "count", Problem: problem}
	}
	made := &handler{topic: topic, Word: settings["word"], Count: count}
	if note, given := settings["note"]; given {
		made.Note = &note
	}
	return made, nil
}

func (handler *handler) Handle(message *penstock.Message) error {
	command, isCommand := strings.CutPrefix(string(message.Value), "!")
	command, argument, _ := strings.Cut(command, " ")
	switch {
	case !isCommand:
		echo(message)
	case command == "outputs":
		count, err := strconv.Atoi(argument)
		if err != nil {
			return penstock.Reject("bad-number", "%v", err)
		}
		for index := range count {
			out.Emit(nil, []byte(strconv.Itoa(index)))
		}
	case command == "retry":
		echo(message)
		if penstock.Attempt() == 1 {
			delay, err := time.ParseDuration(argument + "ms")
			if err != nil {
				return penstock.Reject("bad-number", "%v", err)
			}
			return penstock.RetryAfter(delay, "asked-to", "once, and later")
		}
	case command == "reject":
		echo(message)
		return penstock.Reject("asked-to", "Grüße, 世界")
	case command == "skip":
		echo(message)
		return penstock.Skip("asked-to", "the record asked for it")
	case command == "crash":
		breaks()
	case command == "trap":
		echo(message)
		os.Exit(3)
	case command == "log":
		slog.Log(context.Background(), penstock.LevelTrace, "a trace line")
		slog.Debug("a debug line")
		slog.Info("an info line")
		slog.Warn("a warn line")
		slog.Error("an error line")
		fmt.Println("printed")
		fmt.Println("printed again")
	case command == "settings":
		if err := emit(out, handler); err != nil {
			return err
		}
	case command == "surroundings":
		if err := emit(out, surroundings()); err != nil {
			return err
		}
	default:
		return penstock.Reject("unknown-command", "no such command: %s", command)
	}
	return handler.tell(message)
}

func echo(message *penstock.Message) {
	record := penstock.Record{Key: message.Key, Value: message.Value, Headers: message.Headers}
	if message.Timestamp != penstock.Unknown {
		record.TimestampMS = &message.TimestampMS
	}
	out.EmitRecord(record)
}

func (handler *handler) tell(message *penstock.Message) error {
	var timestamp any = "unknown"
	switch message.Timestamp {
	case penstock.CreateTime:
		timestamp = map[string]int64{"create-time": message.TimestampMS}
	case penstock.LogAppendTime:
		timestamp = map[string]int64{"log-append-time": message.TimestampMS}
	}
	high, low := penstock.Seed()
	return emit(about, map[string]any{
		"topic":     handler.topic,
		"partition": message.Partition,
		"offset":    message.Offset,
		"timestamp": timestamp,
		"now":       penstock.NowMS(),
		"attempt":   penstock.Attempt(),
		"seed":      fmt.Sprintf("%016x%016x", high, low),
	})
}

func emit(to penstock.Output, value any) error {
	text, err := json.Marshal(value)
	if err == nil {
		to.Emit(nil, text)
	}
	return err
}

func surroundings() map[string]any {
	_, environment := os.LookupEnv("PATH")
	file, errFile := os.Open("/etc/passwd")
	if errFile == nil {
		errFile = file.Close()
	}
	connection, errNetwork := net.Dial("tcp", "127.0.0.1:9092")
	if errNetwork == nil {
		errNetwork = connection.Close()
	}
	return map[string]any{
		"clock":       time.Now().UnixMilli(),
		"random":      rand.Text(),
		"environment": environment,
		"file":        errFile == nil,
		"network":     errNetwork == nil,
	}
}

//go:noinline
func breaks() {
	panic("this is broken") // HERE
}
