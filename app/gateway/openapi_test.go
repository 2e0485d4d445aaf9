package gateway

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// description is openapi.json as a validator reads it.
var description = sync.OnceValues(func() (routers.Router, error) {
	doc, err := openapi3.NewLoader().LoadFromData(openAPI)
	if err == nil {
		err = doc.Validate(openapi3.NewLoader().Context)
	}
	if err != nil {
		return nil, err
	}
	return gorillamux.NewRouter(doc)
})

// validating is a transport that holds each answer against the description, and each request
// that was answered with 200.
type validating struct {
	http.RoundTripper
	t      testing.TB
	router routers.Router
}

// described is a transport for a test's client.
func described(t testing.TB) http.RoundTripper {
	t.Helper()
	router, err := description()
	if err != nil {
		t.Fatal(err)
	}
	return validating{http.DefaultTransport.(*http.Transport).Clone(), t, router}
}

func (v validating) CloseIdleConnections() {
	v.RoundTripper.(interface{ CloseIdleConnections() }).CloseIdleConnections()
}

func (v validating) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := v.RoundTripper.RoundTrip(r)
	if err != nil {
		return response, err
	}
	body, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	if problem := v.compare(r, response, body); problem != nil {
		v.t.Errorf("%s %s %d %s is not as openapi.json says: %v", r.Method, r.URL.Path, response.StatusCode, body, problem)
	}
	return response, nil
}

func (v validating) compare(r *http.Request, response *http.Response, body []byte) error {
	asked := r.Clone(r.Context())
	if asked.Method == http.MethodHead {
		return nil
	}
	asked.URL.Scheme, asked.URL.Host, asked.Host = "", "", ""
	asked.Header = http.Header{}
	for name, values := range r.Header { // in the form the server gets them
		asked.Header[http.CanonicalHeaderKey(name)] = values
	}
	route, parameters, err := v.router.FindRoute(asked)
	switch {
	case errors.Is(err, routers.ErrPathNotFound) && response.StatusCode == http.StatusNotFound,
		errors.Is(err, routers.ErrMethodNotAllowed) && response.StatusCode == http.StatusMethodNotAllowed:
		return nil
	case err != nil:
		return err
	}
	options := &openapi3filter.Options{
		IncludeResponseStatus: true, ExcludeRequestBody: true, MultiError: true,
		AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
	}
	request := &openapi3filter.RequestValidationInput{Request: asked, PathParams: parameters, Route: route,
		Options: options}
	if response.StatusCode == http.StatusOK {
		if err := openapi3filter.ValidateRequest(asked.Context(), request); err != nil {
			return err
		}
	}
	return openapi3filter.ValidateResponse(asked.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: request, Status: response.StatusCode, Header: response.Header,
		Body: io.NopCloser(bytes.NewReader(body)), Options: options,
	})
}

// TestTheDescriptionIsWhole compares the description with the routes, and sees that the
// validator finds what is wrong.
func TestTheDescriptionIsWhole(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(openAPI)
	if err != nil {
		t.Fatal(err)
	}
	if doc.OpenAPI != "3.1.0" {
		t.Errorf("it is of OpenAPI %s", doc.OpenAPI)
	}
	for _, r := range routes {
		path := r.path
		if strings.HasSuffix(path, "/") {
			path += "{id}"
		}
		item := doc.Paths.Value(path)
		if item == nil || item.Operations()[r.method] == nil || len(item.Operations()) != 1 {
			t.Errorf("%s %s is not described, or more is", r.method, path)
		} else if free := item.Operations()[r.method].Security; r.open != (free != nil && len(*free) == 0) {
			t.Errorf("%s: who needs a token is described wrongly", path)
		}
	}
	if doc.Paths.Len() != len(routes) {
		t.Errorf("%d paths are described, %d are served", doc.Paths.Len(), len(routes))
	}
	v := described(t).(validating)
	for _, c := range []struct {
		method, path, body string
		status             int
		good               bool
	}{
		{"GET", "/healthz", `{"status":"ok"}`, 200, true},
		{"GET", "/healthz", `{"status":"well"}`, 200, false},
		{"GET", "/healthz", `{"status":"ok","more":1}`, 200, false},
		{"GET", "/healthz", `{"error":"no"}`, 402, false},
		{"GET", "/elsewhere", `{}`, 200, false},
		{"POST", "/api-gateway/match-faces", `{"data":{}}`, 200, false},
	} {
		r, _ := http.NewRequest(c.method, "http://localhost"+c.path, nil)
		header := http.Header{"Content-Type": {"application/json"}, "X-Request-Id": {newRequestID()}}
		err := v.compare(r, &http.Response{StatusCode: c.status, Header: header}, []byte(c.body))
		if (err == nil) != c.good {
			t.Errorf("%s %d %s: %v", c.path, c.status, c.body, err)
		}
	}
	s := serve(t, &fake{}, 1)
	if a := s.do("GET", "/openapi.json", nil, "Authorization", ""); a.status != 200 ||
		!strings.Contains(a.body, `"openapi":"3.1.0"`) {
		t.Errorf("%d %.100s", a.status, a.body)
	}
}
