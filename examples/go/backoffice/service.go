package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

// service answers the requests of a back office. It is safe for use by many goroutines.
type service struct {
	outbox *flexcancel.Outbox
	log    *slog.Logger
	// timeout is that of one attempt.
	timeout time.Duration
}

func (s *service) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /sessions/{id}/void", s.void)
	mux.HandleFunc("GET /voids", s.list)
	mux.HandleFunc("POST /voids/{entry}/seen", s.seen)
	return mux
}

// void voids a sale. The context of a request ends when its caller hangs up.
func (s *service) void(w http.ResponseWriter, r *http.Request) {
	result, err := s.outbox.Cancel(
		r.Context(), r.PathValue("id"), flexcancel.WithTimeout(s.timeout))
	if result == nil {
		s.answer(w, http.StatusServiceUnavailable, map[string]any{"message": err.Error()})
		return
	}
	s.log.Info("void", "session", result.SessionID(), "outcome", result.Outcome,
		"code", result.Code, "message", result.Message())
	s.answer(w, status(result), map[string]any{
		"outcome": result.Outcome.String(),
		"code":    result.Code.String(),
		"message": result.Message(),
		"advice":  result.Advice(),
	})
}

// status is 200 for the two outcomes that prove the void, and for no other.
func status(result *flexcancel.Result) int {
	switch {
	case result.Outcome.IsVoided():
		return http.StatusOK
	case result.Code == flexcancel.CodeInvalidSessionID:
		return http.StatusBadRequest
	case result.Entry() == nil:
		return http.StatusServiceUnavailable
	case result.Outcome == flexcancel.NotCancelable:
		return http.StatusConflict
	case result.Outcome == flexcancel.NotApplied:
		return http.StatusUnprocessableEntity
	default:
		return http.StatusAccepted
	}
}

// listed is an entry that a person must look at.
type listed struct {
	Entry   int64  `json:"entry"`
	Session string `json:"session_id"`
	State   string `json:"state"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (s *service) list(w http.ResponseWriter, _ *http.Request) {
	counts, err := s.outbox.Stats()
	entries, listErr := s.outbox.Worklist()
	if err := errors.Join(err, listErr); err != nil {
		s.answer(w, http.StatusServiceUnavailable, map[string]any{"message": err.Error()})
		return
	}
	worklist := make([]listed, 0, len(entries))
	for _, it := range entries {
		worklist = append(worklist,
			listed{it.ID, it.SessionID, string(it.State), it.LastCode, it.LastMessage})
	}
	s.answer(w, http.StatusOK, map[string]any{"pending": counts.Pending, "worklist": worklist})
}

func (s *service) seen(w http.ResponseWriter, r *http.Request) {
	entry, err := strconv.ParseInt(r.PathValue("entry"), 10, 64)
	if err != nil {
		s.answer(w, http.StatusBadRequest, map[string]any{"message": "entry: expected a number"})
		return
	}
	switch _, err := s.outbox.Acknowledge(entry); {
	case err == nil:
		w.WriteHeader(http.StatusNoContent)
	case errors.Is(err, flexcancel.ErrOutboxNoEntry):
		s.answer(w, http.StatusNotFound, map[string]any{"message": err.Error()})
	case errors.Is(err, flexcancel.ErrOutboxPending):
		s.answer(w, http.StatusConflict, map[string]any{"message": err.Error()})
	default:
		s.answer(w, http.StatusServiceUnavailable, map[string]any{"message": err.Error()})
	}
}

func (s *service) answer(w http.ResponseWriter, status int, body map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		s.log.Warn("an answer was not taken", "error", err)
	}
}

// deliverOften delivers what is pending, until the context ends.
func (s *service) deliverOften(ctx context.Context) {
	ticker := time.NewTicker(deliverEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			s.deliver(ctx)
		}
	}
}

func (s *service) deliver(ctx context.Context, opts ...flexcancel.FlushOption) {
	flushed, err := s.outbox.Flush(ctx, opts...)
	if err != nil {
		s.log.Warn("the flush ended early", "error", err)
	}
	if flushed == nil {
		return
	}
	for _, it := range flushed.Entries {
		s.log.Info("flush", "session", it.SessionID, "state", it.State, "code", it.LastCode)
	}
}
