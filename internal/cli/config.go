package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/bpflockcheck/bpflockcheck/analyzer"
	"github.com/bpflockcheck/bpflockcheck/internal/config"
)

func (c *Command) configCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Show, verify or start a config",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			return errors.New("config wants one of: show, verify, init, schema")
		},
	}
	cmd.PersistentFlags().StringVar(&file, "config", "", "config `FILE` (default: "+config.FileName+" in the nearest parent folder)")
	load := func() (*config.Loaded, error) {
		dir, err := c.dir()
		if err != nil {
			return nil, err
		}
		return config.Load(file, dir, analyzer.CheckSelector)
	}
	cmd.AddCommand(&cobra.Command{
		Use: "show", Short: "Print the config that applies here", Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			l, err := load()
			if err != nil {
				return err
			}
			if l.Path == "" {
				_, err = fmt.Fprintf(c.Stdout, "# no %s here or in a parent folder\n", config.FileName)
				return err
			}
			b, err := config.Marshal(&l.Config)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.Stdout, "# %s\n%s", l.Path, b)
			return err
		},
	}, &cobra.Command{
		Use: "verify", Short: "Report mistakes in the config", Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			l, err := load()
			if err != nil {
				return err
			}
			if l.Path == "" {
				return fmt.Errorf("no %s here or in a parent folder; start one with: bpflockcheck config init", config.FileName)
			}
			_, err = fmt.Fprintf(c.Stdout, "%s: ok\n", l.Path)
			return err
		},
	}, &cobra.Command{
		Use: "init", Short: "Write a commented config into the current folder", Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			dir, err := c.dir()
			if err != nil {
				return err
			}
			path := filepath.Join(dir, config.FileName)
			if file != "" {
				path = inDir(dir, file)
			}
			f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // a config is for everyone to read
			if errors.Is(err, fs.ErrExist) {
				return fmt.Errorf("%s exists already", path)
			}
			if err != nil {
				return err
			}
			_, err = f.WriteString(config.Initial)
			if err := errors.Join(err, f.Close()); err != nil {
				return err
			}
			c.errorf("wrote %s, in which every setting is still commented out", path)
			return nil
		},
	}, &cobra.Command{
		Use: "schema", Short: "Print the config's JSON schema", Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			b, err := config.Schema()
			if err != nil {
				return err
			}
			_, err = c.Stdout.Write(b)
			return err
		},
	})
	return cmd
}
