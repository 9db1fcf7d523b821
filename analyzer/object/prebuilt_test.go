package object

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the expected dumps in testdata")

const sources = "../../testdata/object"

// TestPrebuilt compares what each prebuilt object is lowered to with the dump
// beside it, which was read against the disassembly.
func TestPrebuilt(t *testing.T) {
	objects := prebuilt(t)
	for _, p := range objects {
		name := strings.TrimSuffix(filepath.Base(p), ".o")
		t.Run(name, func(t *testing.T) {
			abs, err := filepath.Abs(sources)
			if err != nil {
				t.Fatal(err)
			}
			t.Chdir(abs)
			u, err := Load(context.Background(), filepath.Join("prebuilt", filepath.Base(p)), Config{})
			if err != nil {
				t.Fatal(err)
			}
			checkUnit(t, u)
			got := dump(u)
			golden := filepath.Join("prebuilt", name+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("lowered otherwise than expected (-want +got):\n%s", diff)
			}
		})
	}
}

// prebuilt gives the paths of the prebuilt objects.
func prebuilt(t testing.TB) []string {
	t.Helper()
	objects, err := filepath.Glob(filepath.Join(sources, "prebuilt", "*.o"))
	if err != nil {
		t.Fatal(err)
	}
	if len(objects) < 10 {
		t.Fatalf("only %d prebuilt objects", len(objects))
	}
	return objects
}

// TestFields checks what BTF and DWARF say of a map value's fields.
func TestFields(t *testing.T) {
	for _, object := range []string{"maps", "maps-be"} {
		u, err := Load(context.Background(), filepath.Join(sources, "prebuilt", object+".o"), Config{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range u.Maps {
			if m.Name != "flows" {
				continue
			}
			for _, f := range m.Value.Fields {
				got = append(got, fieldText(f))
			}
			for _, f := range m.Value.Fields[2].Type.Fields {
				got = append(got, fieldText(f))
			}
			if m.Value.Fields[5].Type.Len != 4 || m.Value.Fields[7].Type.Elem != m.Value {
				t.Errorf("%s: the types of fields seen and next are not an array of 4 and a pointer to the struct itself", object)
			}
		}
		want := []string{
			`lock struct bpf_spin_lock 0+0:0 [] 7`,
			`packets u32 4+0:0 ["guarded_by:lock"] 8`,
			` union  8+0:0 [] 9`,
			`flag_a u8 16+0:3 [] 15`,
			`flag_b u8 16+3:5 [] 15`,
			`seen const volatile u16[] 18+0:0 [] 16`,
			`hidden_lock lock_alias 28+0:0 [] 17`,
			`next struct flow * 32+0:0 [] 18`,
			`hits u64 40+0:0 ["data_racy" "single_writer"] 19`,
			`bytes u64 0+0:0 [] 10`, // of the anonymous union
			` struct  0+0:0 [] 11`,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: fields (-want +got):\n%s", object, diff)
		}
	}
}

// TestText checks that the source lines that BTF records are kept.
func TestText(t *testing.T) {
	p := filepath.Join(sources, "prebuilt", "maps.o")
	u, err := Load(context.Background(), p, Config{KeepPaths: true})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.TrimSpace(u.Text["./maps.c"][73]), "f->packets++;"; got != want {
		t.Errorf("text of line 73 is %q, want %q", got, want)
	}
}
