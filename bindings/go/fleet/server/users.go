package server

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	nats "github.com/nats-io/nats-server/v2/server"
)

// readUsers reads a file of lines NAME:ROLE:BCRYPT. A till may hand over cancels and read their
// results; a worker may do everything.
func readUsers(path string) ([]*nats.User, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var users []*nats.User
	lines := bufio.NewScanner(file)
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.SplitN(line, ":", 3)
		if len(fields) != 3 || fields[0] == "" || !strings.HasPrefix(fields[2], "$2") {
			return nil, fmt.Errorf("%s, line %d: expected NAME:ROLE:BCRYPT", path, number)
		}
		user := &nats.User{Username: fields[0], Password: fields[2]}
		switch fields[1] {
		case "worker":
		case "till":
			user.Permissions = tillPermissions()
		default:
			return nil, fmt.Errorf("%s, line %d: expected the role till or worker", path, number)
		}
		users = append(users, user)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(users) == 0 {
		return nil, fmt.Errorf("%s: expected at least one user", path)
	}
	return users, nil
}

// tillPermissions let a till publish cancels and read results. It cannot write a result, and
// cannot take a cancel away.
func tillPermissions() *nats.Permissions {
	return &nats.Permissions{
		Publish: &nats.SubjectPermission{Allow: []string{
			"flex.cancel.*.*",
			"$JS.API.DIRECT.GET.FLEX_CANCELS.>", "$JS.API.DIRECT.GET.FLEX_RESULTS.>",
			"$JS.API.STREAM.INFO.FLEX_CANCELS", "$JS.API.STREAM.INFO.FLEX_RESULTS",
		}},
		Subscribe: &nats.SubjectPermission{Allow: []string{"_INBOX.>", "flex.settled.*"}},
	}
}
