package matcher

import (
	"errors"
	"net"
	"net/url"
	"strings"
)

// The keys of problems with an API's address.
const (
	KeyBase      = "api.base"
	KeyBaseParts = "api.base_parts"
	KeyBasePlain = "api.base_plain"
)

// ParseBase reads the address below which a remote API lies, such as
// https://api.biometrysolutions.com, and gives its one written form. Pictures of
// people go there, so it must be https; http is taken for this computer itself
// only. The error is a *Problem and does not repeat the address, which may hold a
// password.
func ParseBase(text string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(text))
	switch {
	case err != nil || u.Hostname() == "" || u.Opaque != "":
		return nil, NewProblem(KeyBase, errors.New("no address"))
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, NewProblem(KeyBaseParts, nil)
	}
	u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	switch {
	case u.Scheme == "https":
		u.Host = strings.TrimSuffix(u.Host, ":443")
	case u.Scheme == "http" && loopback(u.Hostname()):
	case u.Scheme == "http":
		return nil, NewProblem(KeyBasePlain, nil)
	default:
		return nil, NewProblem(KeyBase, errors.New("no web address"))
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host, Path: strings.TrimRight(u.Path, "/")}, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
