package gomap

import (
	"fmt"
	"strings"
)

// Facts are what one package's analysis tells those that import it. They are
// encoded with gob by every driver and must stay plain data.

// PackageFact says which maps the companions of a package declare, and which
// maps the package puts into fields of other packages' types.
type PackageFact struct {
	// Maps of the package's companions, by name, sorted.
	Maps []MapInfo
	// Foreign are origins stored in variables of other packages, by the
	// variable's key (see varKey), sorted.
	Foreign []ForeignFact
}

// AFact marks a fact.
func (*PackageFact) AFact() {}

// String is shown by drivers that log facts.
func (f *PackageFact) String() string {
	names := make([]string, len(f.Maps))
	for i := range f.Maps {
		names[i] = f.Maps[i].Name
	}
	return fmt.Sprintf("maps(%s)", strings.Join(names, ","))
}

// ForeignFact is a variable of another package and what is stored there.
type ForeignFact struct {
	Var     string
	Origins []OriginFact
}

// FuncFact summarises a function.
type FuncFact struct {
	Accesses []AccessFact
	Results  []ResultFact
	// Loads: it creates maps from a specification. Runs, told of those only: it
	// may also let a program run.
	Loads, Runs bool
}

// AFact marks a fact.
func (*FuncFact) AFact() {}

// String is shown by drivers that log facts.
func (f *FuncFact) String() string {
	return fmt.Sprintf("accesses:%d results:%d", len(f.Accesses), len(f.Results))
}

// VarFact summarises an exported field or package-level variable.
type VarFact struct {
	Origins  []OriginFact
	Accesses []AccessFact
}

// AFact marks a fact.
func (*VarFact) AFact() {}

// String is shown by drivers that log facts.
func (f *VarFact) String() string {
	return fmt.Sprintf("origins:%d accesses:%d", len(f.Origins), len(f.Accesses))
}

// ResultFact says where one result of a function comes from.
type ResultFact struct {
	Index   int
	Origins []OriginFact
}

// OriginFact is an origin without the SSA values of its package.
type OriginFact struct {
	Kind  originKind
	Name  string
	Pkg   string
	Unit  string
	Param int
}

// AccessFact is an access to a map that a function was given.
type AccessFact struct {
	// Param is the parameter (receiver first) that the map comes from, and
	// ByName set when the parameter is the map's name. It is -1 in a VarFact and
	// where the map is one of Origins and only the flag is the caller's.
	Param   int
	ByName  bool
	Origins []OriginFact
	// Via: reached through a field that the function fills, so that callers in
	// its own package see the access itself.
	Via   bool
	Op    string // key of the operation, "lib recv name"
	Iface bool
	Flags FlagFact // flag argument, or BatchOptions.ElemFlags
	Batch FlagFact // BatchOptions.Flags
	// Where and Func locate the access for messages.
	Where Where
	Func  string
	// GoLock is the lock field that the value's Go type seems to have.
	GoLock string
}

// Where is a position as facts carry it.
type Where struct {
	File      string
	Line, Col int
}

// FlagFact is a flagSet without SSA values.
type FlagFact struct {
	Consts  []uint64
	Params  []FlagParam
	Unknown bool
}

// FlagParam is a flag that a parameter gives, with Or added to it. Opts says
// that the parameter is a *BatchOptions and which of its fields is meant.
type FlagParam struct {
	Param int
	Or    uint64
	Opts  string // "", "ElemFlags" or "Flags"
}
