package gateway

import (
	_ "embed"
	"encoding/json"
)

// openAPI describes the API for programs: OpenAPI 3.1. The tests hold every answer they get
// against it.
//
//go:embed openapi.json
var openAPI []byte

// describe gives the description.
func (g *Gateway) describe(*request) (any, error) { return json.RawMessage(openAPI), nil }
