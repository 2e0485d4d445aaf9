package gateway

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"facematch/matcher"
)

// proxies are the networks of the balancers in front of this server. What they say of a
// client's address is believed; what anybody else says of it is not.
type proxies []netip.Prefix

// parseProxies reads addresses and networks. The problem is serve.proxy.
func parseProxies(given []string) (proxies, error) {
	var all proxies
	for _, text := range given {
		network, err := netip.ParsePrefix(text)
		if ip, wrong := netip.ParseAddr(text); wrong == nil {
			network, err = netip.PrefixFrom(ip, ip.BitLen()), nil
		}
		if err != nil {
			return nil, matcher.NewProblem(KeyProxy, err, "Text", text)
		}
		all = append(all, network)
	}
	return all, nil
}

func (p proxies) trust(ip netip.Addr) bool {
	return slices.ContainsFunc(p, func(network netip.Prefix) bool { return network.Contains(ip) })
}

// client is the address a request comes from: the connection's or, where that is a trusted
// proxy's, the last one of X-Forwarded-For that is not. Each proxy adds the address it sees
// at the end, so what stands before that is only what the client says of itself.
func (p proxies) client(r *http.Request) string {
	from := r.RemoteAddr
	ip, known := addressOf(from)
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !known || !p.trust(ip) {
			break
		}
		next, valid := addressOf(strings.TrimSpace(hop))
		if !valid {
			break
		}
		from, ip = next.String(), next
	}
	return from
}

// addressOf reads an address, with a port or without.
func addressOf(text string) (ip netip.Addr, known bool) {
	if at, err := netip.ParseAddrPort(text); err == nil {
		return at.Addr().Unmap().WithZone(""), true
	}
	ip, err := netip.ParseAddr(strings.Trim(text, "[]"))
	return ip.Unmap().WithZone(""), err == nil
}
