// Package audit keeps a file of JSON lines: one for each result, and one for each act of a person.
package audit

import (
	"encoding/json"
	"os"
	"sync"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/message"
)

// Log is a file that only grows. It is safe for use by many goroutines, and by many processes.
type Log struct {
	mutex sync.Mutex
	file  *os.File
}

// Open opens the file, and makes it if it is not there.
func Open(path string) (*Log, error) {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	return &Log{file: file}, nil
}

// Act is what a person has done.
type Act struct {
	// What is acknowledge, retry, pause or resume.
	What      string `json:"kind"`
	Entry     string `json:"entry,omitempty"`
	SessionID string `json:"session_id,omitempty"`
	By        string `json:"by"`
	Reason    string `json:"reason"`
	// NewEntry is the number of the entry that follows, in the outbox of the person.
	NewEntry int64 `json:"new_entry,omitempty"`
}

// Act writes what a person does. It is on the disk when this returns.
func (l *Log) Act(act Act) error {
	err := l.write(struct {
		At time.Time `json:"at"`
		Act
	}{time.Now().UTC(), act})
	if err != nil {
		return err
	}
	return l.file.Sync()
}

// Result writes a result. The queue has it as well.
func (l *Log) Result(r message.Result) error {
	return l.write(struct {
		At   time.Time `json:"at"`
		Kind string    `json:"kind"`
		message.Result
	}{time.UnixMilli(r.AtMS).UTC(), "result", r})
}

func (l *Log) write(line any) error {
	text, err := json.Marshal(line)
	if err != nil {
		return err
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	// In one piece, so that the lines of several processes do not mix.
	_, err = l.file.Write(append(text, '\n'))
	return err
}

// Close closes the file.
func (l *Log) Close() error { return l.file.Close() }
