// main.go: events over HTTP -> two upstream calls -> a decision, as Go's
// net/http does it well: one pool of kept connections, and no goroutine but
// the server's own. UPSTREAM, PORT and HTTP2 come from the environment.
package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

type event struct {
	Data struct {
		InteractionID string `json:"interactionId"`
		MediaType     string `json:"mediaType"`
	} `json:"data"`
}

type id struct {
	ID string `json:"id"`
}

type update struct {
	Routing struct {
		Skills []id `json:"skills"`
		Queues []id `json:"queues"`
	} `json:"routing"`
}

type decision struct {
	SKU             string   `json:"sku"`
	InventoryStatus string   `json:"inventory_status"`
	Skills          []string `json:"skills"`
	Queues          []string `json:"queues"`
}

type answer struct {
	Status        string   `json:"status"`
	LatencyMS     string   `json:"latency_ms"`
	InteractionID string   `json:"interaction_id"`
	Decision      decision `json:"decision"`
}

type router struct {
	client   *http.Client
	upstream string
	bearer   string
}

var skills = map[string]string{
	"in_stock":  "skill-premium-support-id",
	"low_stock": "skill-expedited-support-id",
}

// A connection is made whole even when the event that wanted it has found
// another one meanwhile. Go 1.19 breaks it off with the event, so that under
// load a pool behind TLS does not grow and each call costs a handshake.
func dialWhole(dialer *net.Dialer) func(
	context.Context, string, string) (net.Conn, error) {
	secure := &tls.Dialer{NetDialer: dialer}
	return func(_ context.Context, network, address string) (
		net.Conn, error) {
		return secure.DialContext(
			context.Background(), network, address)
	}
}

func newClient() *http.Client {
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	transport := &http.Transport{
		MaxIdleConns:        8192,
		MaxIdleConnsPerHost: 8192,
		IdleConnTimeout:     90 * time.Second,
		DisableCompression:  true,
		DialContext:         dialer.DialContext,
	}
	if os.Getenv("HTTP2") == "on" {
		transport.ForceAttemptHTTP2 = true
	} else {
		transport.DialTLSContext = dialWhole(dialer)
	}
	return &http.Client{Timeout: 5 * time.Second, Transport: transport}
}

// A body is read to its end, so that its connection is kept.
func (r *router) ask(request *http.Request, result interface{}) error {
	response, err := r.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != 200 {
		return fmt.Errorf("status %d", response.StatusCode)
	}
	return json.Unmarshal(body, result)
}

func (r *router) fetchToken() error {
	form := url.Values{"grant_type": {"client_credentials"},
		"client_id": {"peer"}, "client_secret": {"peer-secret"}}
	request, err := http.NewRequest("POST", r.upstream+"/oauth/token",
		strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var token struct {
		AccessToken string `json:"access_token"`
	}
	err = r.ask(request, &token)
	r.bearer = "Bearer " + token.AccessToken
	return err
}

func makeSKU(e *event) string {
	last := e.Data.InteractionID
	if len(last) > 6 {
		last = last[len(last)-6:]
	}
	return "SKU-" + strings.ToUpper(e.Data.MediaType) + "-" + last
}

func (r *router) askInventory(sku string) string {
	var stock struct {
		Status string `json:"status"`
	}
	request, err := http.NewRequest("GET",
		r.upstream+"/inventory/"+url.PathEscape(sku), nil)
	if err != nil || r.ask(request, &stock) != nil {
		return "timeout"
	}
	return stock.Status
}

func (r *router) tellCXone(interaction string, d *decision) error {
	u := update{}
	u.Routing.Skills, u.Routing.Queues = []id{}, []id{}
	for _, skill := range d.Skills {
		u.Routing.Skills = append(u.Routing.Skills, id{skill})
	}
	for _, queue := range d.Queues {
		u.Routing.Queues = append(u.Routing.Queues, id{queue})
	}
	body, err := json.Marshal(&u)
	if err != nil {
		return err
	}
	request, err := http.NewRequest("PATCH",
		r.upstream+"/api/v2/routing/interactions/"+
			url.PathEscape(interaction), bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", r.bearer)
	request.Header.Set("Content-Type", "application/json")
	var done struct{}
	return r.ask(request, &done)
}

func (r *router) decide(e *event) (*decision, error) {
	d := &decision{SKU: makeSKU(e), Skills: []string{}, Queues: []string{}}
	d.InventoryStatus = r.askInventory(d.SKU)
	if skill, ok := skills[d.InventoryStatus]; ok {
		d.Skills = append(d.Skills, skill)
	} else {
		d.Queues = append(d.Queues, "queue-general-support-id")
	}
	return d, r.tellCXone(e.Data.InteractionID, d)
}

func (r *router) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	begin := time.Now()
	body, err := io.ReadAll(http.MaxBytesReader(w, request.Body, 65536))
	var e event
	if err != nil || request.Method != "POST" ||
		json.Unmarshal(body, &e) != nil ||
		e.Data.InteractionID == "" || e.Data.MediaType == "" {
		http.Error(w, `{"error":"bad event"}`, 400)
		return
	}
	d, err := r.decide(&e)
	if err != nil {
		http.Error(w, `{"error":"Routing decision failed"}`, 500)
		return
	}
	took := time.Since(begin).Seconds() * 1000
	text, _ := json.Marshal(&answer{"processed",
		fmt.Sprintf("%.2f", took), e.Data.InteractionID, *d})
	w.Header().Set("Content-Type", "application/json")
	w.Write(text)
}

func main() {
	r := &router{client: newClient(), upstream: os.Getenv("UPSTREAM")}
	if err := r.fetchToken(); err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), r))
}
