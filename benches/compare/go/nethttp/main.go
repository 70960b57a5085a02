// Command nethttp cancels with net/http and encoding/json of the standard library.
package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"flexcancel.example/compare/contender"
)

type client struct {
	http *http.Client
	url  string
	key  string
}

func newClient(target contender.Target) (contender.Client, error) {
	http, err := contender.HTTPClient(target)
	url := target.URL + "/v1/checkout/sessions/" + target.SessionID + "/cancel"
	return &client{http: http, url: url, key: target.Key}, err
}

func (client *client) Call() error {
	request, err := http.NewRequest(http.MethodPost, client.url, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+client.key)
	request.Header.Set("Idempotency-Key", rand.Text())
	response, err := client.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s", response.Status)
	}
	// As the other languages do: all of the answer, not one field of it.
	var answer map[string]map[string]any
	if err := json.Unmarshal(body, &answer); err != nil {
		return err
	}
	status, _ := answer["checkout_session"]["status"].(string)
	return contender.ExpectOpen(status)
}

func (client *client) Close() { client.http.CloseIdleConnections() }

func main() { contender.Serve(newClient) }
