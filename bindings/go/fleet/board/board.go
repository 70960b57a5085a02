// Package board has the Grafana dashboard of a fleet.
package board

import _ "embed"

// JSON is the dashboard, to be imported into Grafana.
//
//go:embed fleet.json
var JSON []byte
