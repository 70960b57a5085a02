//go:build cgo

package flexcancel

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// Config is a client's configuration; what is left zero is as docs/CONFIGURATION.md says. Exactly
// one of the three API key fields is required. The library checks every field, and an error names
// the field by its key on that page, like timeout_ms.
type Config struct {
	// APIKey is the API key. No format of fmt, no JSON, error, result or log shows it; only fmt
	// cannot be kept from a Config in an unexported field of something else that it prints.
	APIKey string
	// APIKeyEnv names the environment variable that holds the key.
	APIKeyEnv string
	// APIKeyFile names the file that holds the key.
	APIKeyFile string
	// BaseURL is https://HOST[:PORT][/PATH]; plain http only to loopback.
	BaseURL string
	// CAFile is a PEM file of CA certificates, the only ones to be trusted.
	CAFile string
	// Mode is "test" or "live"; answers must be of this mode where they say one.
	Mode string
	// Proxy is "none", "env" or the URL of an HTTP proxy.
	Proxy string
	// RatePerSecond is the most requests per second of all calls together; zero is no limit.
	RatePerSecond int
	// Trust is "system" or "bundled".
	Trust string
	// UserAgent is added to the library's own.
	UserAgent string
	// Timeout is the deadline of a whole call. Times are in whole milliseconds; a time below one is
	// refused, because a number without a unit, like 10, is in nanoseconds.
	Timeout time.Duration
	// ConnectAttempts is the most attempts to connect while nothing was sent.
	ConnectAttempts int
	// ConnectTimeout is the most time for one connection.
	ConnectTimeout time.Duration
	// MaxIdle is how long an unused connection may be used again; a negative time means never.
	MaxIdle time.Duration
	// DNSTTL is how long resolved addresses are used; a negative time means not at all.
	DNSTTL time.Duration
	// MaxAttempts is the most times that one cancel is sent.
	MaxAttempts int
	// Verify has a confirmation that does not itself show the release checked by one read-back.
	Verify bool
	// Logger is told of each attempt and each result, on the goroutine that makes the call and
	// before that call returns; of those of a bulk run on several goroutines at once. What its
	// handler panics with is dropped. It must not end the goroutine (runtime.Goexit, as t.FailNow
	// does).
	Logger *slog.Logger
}

// String says nothing of what is in it, because the API key is.
func (Config) String() string { return "flexcancel.Config{…}" }

// Format is String, whatever the verb: %d or %#v would look into the fields.
func (c Config) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, c.String()) }

// MarshalText is String: what writes JSON, or a log, does not show the key either.
func (c Config) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// LogValue is String.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

// toJSON writes the configuration as the library reads it, API key included.
func (c Config) toJSON() (string, error) {
	type keys struct {
		APIKey          string `json:"api_key,omitempty"`
		APIKeyEnv       string `json:"api_key_env,omitempty"`
		APIKeyFile      string `json:"api_key_file,omitempty"`
		BaseURL         string `json:"base_url,omitempty"`
		CAFile          string `json:"ca_file,omitempty"`
		ConnectAttempts int    `json:"connect_attempts,omitempty"`
		ConnectTimeout  *int64 `json:"connect_timeout_ms,omitempty"`
		DNSTTL          *int64 `json:"dns_ttl_ms,omitempty"`
		MaxAttempts     int    `json:"max_attempts,omitempty"`
		MaxIdle         *int64 `json:"max_idle_ms,omitempty"`
		Mode            string `json:"mode,omitempty"`
		Proxy           string `json:"proxy,omitempty"`
		RatePerSecond   int    `json:"rate_per_second,omitempty"`
		Timeout         *int64 `json:"timeout_ms,omitempty"`
		Trust           string `json:"trust,omitempty"`
		UserAgent       string `json:"user_agent,omitempty"`
		Verify          bool   `json:"verify,omitempty"`
	}
	for _, time := range []struct {
		field string
		time  time.Duration
	}{
		// A negative time means never to these two.
		{"dns_ttl_ms", max(c.DNSTTL, 0)}, {"max_idle_ms", max(c.MaxIdle, 0)},
		{"connect_timeout_ms", c.ConnectTimeout}, {"timeout_ms", c.Timeout},
	} {
		if err := tooShort(time.field, time.time); err != nil {
			return "", err
		}
	}
	bytes, err := json.Marshal(keys{
		APIKey:          c.APIKey,
		APIKeyEnv:       c.APIKeyEnv,
		APIKeyFile:      c.APIKeyFile,
		BaseURL:         c.BaseURL,
		CAFile:          c.CAFile,
		ConnectAttempts: c.ConnectAttempts,
		ConnectTimeout:  millis(c.ConnectTimeout),
		DNSTTL:          orNever(c.DNSTTL),
		MaxAttempts:     c.MaxAttempts,
		MaxIdle:         orNever(c.MaxIdle),
		Mode:            c.Mode,
		Proxy:           c.Proxy,
		RatePerSecond:   c.RatePerSecond,
		Timeout:         millis(c.Timeout),
		Trust:           c.Trust,
		UserAgent:       c.UserAgent,
		Verify:          c.Verify,
	})
	return string(bytes), err
}

// tooShort is the error of a time that the library cannot take: most likely its unit was forgotten.
func tooShort(field string, d time.Duration) error {
	if d == 0 || d.Abs() >= time.Millisecond {
		return nil
	}
	return fmt.Errorf("%s: expected at least 1ms, found %v: write the unit, like 10*time.Second", field, d)
}

// millis is a time as the library takes it: absent for zero.
func millis(d time.Duration) *int64 {
	if d == 0 {
		return nil
	}
	ms := d.Milliseconds()
	return &ms
}

// orNever is millis with every negative time as 0, which the library takes for never.
func orNever(d time.Duration) *int64 {
	ms := millis(d)
	if ms != nil && d < 0 {
		*ms = 0
	}
	return ms
}
