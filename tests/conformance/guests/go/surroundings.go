package main

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"time"

	"pipefitter"
	"pipefitter/control"
	"pipefitter/log"
)

func waitForStop(*pipefitter.Job) (pipefitter.Outcome, error) {
	log.Info("waiting")
	for {
		if reason := control.StopRequested(); reason != control.NotRequested {
			return pipefitter.InProgress("stopped: " + reason.String()), nil
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func loop(*pipefitter.Job) (pipefitter.Outcome, error) {
	remaining := control.TimeRemaining()
	log.Info("remaining: " + yes(0 < remaining && remaining <= 24*time.Hour))
	for {
	}
}

func writeLog(*pipefitter.Job) (pipefitter.Outcome, error) {
	for level := log.LevelTrace; level <= log.LevelError; level++ {
		log.Write(level, "level "+level.String(), "key", "value")
	}
	log.Info(strings.Repeat("l", 100_000))
	fmt.Println("to standard output")
	fmt.Fprintln(os.Stderr, "to standard error")
	fmt.Print("bad \xff byte\n")
	return pipefitter.Succeeded(), nil
}

func readClocks(*pipefitter.Job) (pipefitter.Outcome, error) {
	monotonic := true
	last := time.Now()
	for range 1_000 {
		now := time.Now()
		monotonic = monotonic && now.Sub(last) >= 0
		last = now
	}
	return pipefitter.Succeeded().
		Variable("wall", yes(time.Now().Year() >= 2024)).
		Variable("monotonic", yes(monotonic)), nil
}

func drawRandom(*pipefitter.Job) (pipefitter.Outcome, error) {
	one, other := make([]byte, 16), make([]byte, 16)
	for _, draw := range [][]byte{one, other} {
		if _, err := rand.Read(draw); err != nil {
			return pipefitter.Outcome{}, err
		}
	}
	return pipefitter.Succeeded().
		Variable("differ", yes(string(one) != string(other))).
		Variable("bytes", hex.EncodeToString(one)), nil
}
