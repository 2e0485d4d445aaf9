package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"facematch/app/access"
	"facematch/app/gateway"
	"facematch/matcher"
)

// defaultListen is reached from this computer only.
const defaultListen = "127.0.0.1:8480"

func (c *commands) serve() *cobra.Command {
	var at gateway.Place
	cmd := &cobra.Command{
		Use:   "serve",
		Short: c.Words.T("cli.serve.short"),
		Long:  c.Words.T("cli.serve.long"),
		Example: "  facematch serve token add \"Counter 1\"\n  facematch serve\n" +
			"  facematch serve --listen 0.0.0.0:8480 --tls-cert fullchain.pem --tls-key privkey.pem",
		Args: c.noArguments,
	}
	flags := cmd.Flags()
	flags.StringVar(&at.Address, "listen", defaultListen, c.Words.T("cli.serve.listen"))
	flags.StringVar(&at.Cert, "tls-cert", "", c.Words.T("cli.serve.tls_cert"))
	flags.StringVar(&at.Key, "tls-key", "", c.Words.T("cli.serve.tls_key"))
	flags.StringSliceVar(&at.Names, "host", nil, c.Words.T("cli.serve.host"))
	flags.StringSliceVar(&at.Proxies, "trusted-proxy", nil, c.Words.T("cli.serve.trusted_proxy"))
	flags.StringVar(&at.Metrics, "metrics", "", c.Words.T("cli.serve.metrics"))
	flags.BoolVar(&at.Insecure, "insecure", false, c.Words.T("cli.serve.insecure"))
	flags.SortFlags = false
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		switch {
		case (at.Cert == "") != (at.Key == ""):
			return c.usage(cmd, "cli.serve.half_tls")
		case at.Cert != "" && at.Insecure:
			return c.usage(cmd, "cli.serve.both")
		}
		return c.serving(cmd, access.Check, func(g *gateway.Gateway) error {
			server, err := g.Open(cmd.Context(), at)
			switch {
			case matcher.IsProblem(err, gateway.KeyPublic, gateway.KeyAddress, gateway.KeyProxy, gateway.KeyMetrics):
				return &usageError{text: c.problem(err), command: cmd.CommandPath()}
			case err != nil:
				return err
			}
			if kept, err := g.Tokens().List(); err != nil {
				return err
			} else if len(kept) == 0 && !g.AsksCentre() {
				fmt.Fprintln(c.Stderr, "facematch: "+c.Words.T("cli.serve.no_token"))
			}
			fmt.Fprintln(c.out, c.Words.T("cli.serve.at", "URL", server.URL))
			if server.Metrics != "" {
				fmt.Fprintln(c.out, c.Words.T("cli.serve.metrics_at", "URL", server.Metrics))
			}
			err = server.Run(cmd.Context())
			if err == nil {
				fmt.Fprintln(c.Stderr, c.Words.T("cli.serve.stopped"))
			}
			return err
		})
	}
	cmd.AddCommand(c.serveToken())
	return cmd
}

func (c *commands) serveToken() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "token",
		Short: c.Words.T("cli.serve.token.short"),
		Long:  c.Words.T("cli.serve.token.long"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.usage(cmd, "cli.serve.token.unknown")
		},
	}
	cmd.AddCommand(&cobra.Command{
		Use: "add NAME", Short: c.Words.T("cli.serve.token.add.short"), Args: c.oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.serving(cmd, access.Token, func(g *gateway.Gateway) error {
				token, err := g.Tokens().Add(args[0])
				if err != nil {
					return err
				}
				fmt.Fprintln(c.out, token)
				fmt.Fprintln(c.Stderr, c.Words.T("cli.serve.token.added"))
				return nil
			})
		},
	}, &cobra.Command{
		Use: "list", Short: c.Words.T("cli.serve.token.list.short"), Args: c.noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.serving(cmd, access.Token, func(g *gateway.Gateway) error {
				kept, err := g.Tokens().List()
				if err != nil {
					return err
				}
				for _, k := range kept {
					fmt.Fprintf(c.out, "%s  %s\n", k.Added.Local().Format("2006-01-02 15:04"), k.Name)
				}
				if len(kept) == 0 {
					fmt.Fprintln(c.Stderr, c.Words.T("cli.serve.no_token"))
				}
				return nil
			})
		},
	}, &cobra.Command{
		Use: "revoke NAME", Short: c.Words.T("cli.serve.token.revoke.short"), Args: c.oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.serving(cmd, access.Token, func(g *gateway.Gateway) error {
				if err := g.Tokens().Revoke(args[0]); err != nil {
					return err
				}
				fmt.Fprintln(c.Stderr, c.Words.T("cli.serve.token.revoked", "Name", args[0]))
				return nil
			})
		},
	})
	return cmd
}

func (c *commands) oneName(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return c.usage(cmd, "cli.serve.token.needs_name")
	}
	return nil
}

// serving opens the program for serve and the commands below it. Where operators are set
// up, one of them signs in: served checks are recorded in that name. The idle lock is off,
// because the operator does not stay at the server.
func (c *commands) serving(cmd *cobra.Command, a access.Action, do func(*gateway.Gateway) error) error {
	return c.with(cmd.Context(), "text", func(p Program) error {
		if err := c.enter(cmd, p.Desk(), a); err != nil {
			return err
		}
		p.Desk().Stay()
		return do(p.Gateway())
	})
}
