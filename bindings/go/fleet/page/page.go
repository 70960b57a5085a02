// Package page is the status page of a fleet: what is on the queue, how fast it is delivered, and
// what a person has to look at. It is for one worker's machine, and asks for a token.
package page

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"embed"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/message"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/metrics"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/person"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/queue"
	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

//go:embed page.html login.html page.css page.js
var files embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"utc": func(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05 UTC") },
	"ms":  time.UnixMilli,
	"age": func(now, since time.Time) string { return max(now.Sub(since), 0).Round(time.Second).String() },
}).ParseFS(files, "*.html"))

const (
	// cookie holds the key that a person has got for the token. It ends with the process.
	cookie = "flexcancel_fleet"
	// maxShown is how many entries of the worklist the page shows.
	maxShown = 100
	// maxForm is how many bytes a form may have.
	maxForm = 16 << 10
	// readTime is how long the queue has for one page.
	readTime = 10 * time.Second
)

// Options are those of a page.
type Options struct {
	// Target is whose cancels it shows.
	Target string
	// Token is what a person has to know.
	Token string
	Acts  *person.Acts
	// Retries keeps the cancels that a person repeats; with none, nothing can be repeated.
	Retries *flexcancel.Outbox
	// Worker is what the worker knows of itself.
	Worker func() Worker
	Logger *slog.Logger
}

// Worker is the state of the worker whose page it is.
type Worker struct {
	Name string
	// Limit is the rate of all workers, Share that of this one; 0 is no limit.
	Limit, Share float64
	Workers      int
	// HeldUntil is until when Flex wants to be left alone.
	HeldUntil time.Time
	// IsOutOfReach is true while Flex cannot be reached, or does not accept the API key.
	IsOutOfReach bool
	// Results are those of this worker since its start.
	Results []metrics.ResultCount
}

// status is what the page shows.
type status struct {
	Target    string
	Now       time.Time
	Worker    Worker
	Counts    queue.Counts
	Notes     []message.Note
	Unshown   uint64
	CanRetry  bool
	Problem   string
	MaxName   int
	MaxReason int
}

// IsHeld is true while Flex wants to be left alone.
func (s *status) IsHeld() bool { return s.Worker.HeldUntil.After(s.Now) }

type page struct {
	Options
	// key is what a browser shows instead of the token.
	key string
}

// Handler serves the page.
func Handler(o Options) http.Handler {
	p := &page{Options: o, key: rand.Text()}
	routes := http.NewServeMux()
	routes.HandleFunc("POST /login", p.login)
	for _, name := range []string{"page.css", "page.js"} {
		routes.HandleFunc("GET /"+name, func(w http.ResponseWriter, r *http.Request) {
			http.ServeFileFS(w, r, files, name)
		})
	}
	routes.Handle("GET /{$}", p.known(p.show))
	routes.Handle("POST /acknowledge", p.act(func(ctx context.Context, by person.Person, entry string) error {
		return p.Acts.Acknowledge(ctx, by, entry)
	}))
	routes.Handle("POST /retry", p.act(p.retry))
	routes.Handle("POST /pause", p.act(func(ctx context.Context, by person.Person, _ string) error {
		return p.Acts.Pause(ctx, by, p.Target, time.Now().AddDate(1, 0, 0))
	}))
	routes.Handle("POST /resume", p.act(func(ctx context.Context, by person.Person, _ string) error {
		return p.Acts.Resume(ctx, by, p.Target)
	}))
	// No other site can press a button of it, or show it in a frame.
	return guarded(http.NewCrossOriginProtection().Handler(routes))
}

func guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; " +
				"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
			"Cache-Control":          "no-store",
			"Referrer-Policy":        "no-referrer",
			"X-Content-Type-Options": "nosniff",
		} {
			w.Header().Set(name, value)
		}
		next.ServeHTTP(w, r)
	})
}

func isSame(given, expected string) bool {
	return subtle.ConstantTimeCompare([]byte(given), []byte(expected)) == 1
}

// known lets those through who have shown the token: a browser by its cookie, a program by
// "Authorization: Bearer". Others get the form that asks for it.
func (p *page) known(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		shown, err := r.Cookie(cookie)
		if isSame(given, p.Token) || err == nil && isSame(shown.Value, p.key) {
			next(w, r)
			return
		}
		p.write(w, http.StatusUnauthorized, "login.html", "")
	})
}

func (p *page) login(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if !isSame(strings.TrimSpace(r.PostFormValue("token")), p.Token) {
		p.Logger.Warn("a wrong token was given to the status page", "from", r.RemoteAddr)
		p.write(w, http.StatusUnauthorized, "login.html", "That is not the token.")
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: cookie, Value: p.key, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// act is what a form does. It ends where the page is, so that a reload does nothing again.
func (p *page) act(do func(ctx context.Context, by person.Person, entry string) error) http.Handler {
	return p.known(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		by := person.Person{Name: r.PostFormValue("name"), Reason: r.PostFormValue("reason")}
		err := do(r.Context(), by, r.PostFormValue("entry"))
		switch {
		case err == nil:
			http.Redirect(w, r, "/", http.StatusSeeOther)
		case errors.Is(err, person.ErrUnnamed), errors.Is(err, errNoRetries):
			p.showAs(w, r, http.StatusBadRequest, err.Error())
		case errors.Is(err, queue.ErrNoNote), errors.Is(err, queue.ErrNoWorker):
			p.showAs(w, r, http.StatusConflict, err.Error())
		default:
			p.Logger.Error("the status page could not do what a person asked for", "path", r.URL.Path, "error", err)
			p.showAs(w, r, http.StatusInternalServerError, "It was not done, or not wholly: "+err.Error())
		}
	})
}

var errNoRetries = errors.New("this worker keeps no cancels of its own: use flexcancel-fleet retry")

func (p *page) retry(ctx context.Context, by person.Person, entry string) error {
	if p.Retries == nil {
		return errNoRetries
	}
	_, err := p.Acts.Retry(ctx, by, entry, p.Retries)
	return err
}

func (p *page) show(w http.ResponseWriter, r *http.Request) { p.showAs(w, r, http.StatusOK, "") }

func (p *page) showAs(w http.ResponseWriter, r *http.Request, code int, problem string) {
	ctx, cancel := context.WithTimeout(r.Context(), readTime)
	defer cancel()
	s := &status{
		Target: p.Target, Now: time.Now(), Worker: p.Worker(), CanRetry: p.Retries != nil, Problem: problem,
		MaxName: person.MaxName, MaxReason: person.MaxReason,
	}
	if err := p.read(ctx, s); err != nil {
		p.Logger.Warn("the status page has no figures", "error", err)
		s.Problem = strings.TrimSpace(problem + " The queue does not answer: " + err.Error())
		if code == http.StatusOK {
			code = http.StatusServiceUnavailable
		}
	}
	p.write(w, code, "page.html", s)
}

// read reads the queue.
func (p *page) read(ctx context.Context, s *status) (err error) {
	if s.Counts, err = p.Acts.Queue.Counts(ctx, p.Target); err != nil {
		return err
	}
	for note, err := range p.Acts.Queue.Notes(ctx, p.Target, "*") {
		if err != nil {
			return err
		}
		if s.Notes = append(s.Notes, note); len(s.Notes) == maxShown {
			break
		}
	}
	s.Unshown = max(s.Counts.Worklist, uint64(len(s.Notes))) - uint64(len(s.Notes))
	return nil
}

func (p *page) write(w http.ResponseWriter, code int, name string, data any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(code)
	if err := templates.ExecuteTemplate(w, name, data); err != nil {
		p.Logger.Debug("a page was not written whole", "error", err)
	}
}
