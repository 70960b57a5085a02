package flexcancel

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// text is a file of the project, of which this module is a part.
func text(t testing.TB, path string) string {
	t.Helper()
	bytes, err := os.ReadFile(filepath.Join("..", "..", "..", path))
	if err != nil {
		t.Fatal(err)
	}
	return string(bytes)
}

// defined is what the header defines with this prefix, by its name in lower case.
func defined(t *testing.T, prefix string) map[string]int {
	t.Helper()
	found := map[string]int{}
	pattern := regexp.MustCompile(`(?m)^#define ` + prefix + `(\w+) (\d+)$`)
	for _, it := range pattern.FindAllStringSubmatch(text(t, "include/flexcancel.h"), -1) {
		number, err := strconv.Atoi(it[2])
		if err != nil {
			t.Fatal(err)
		}
		found[strings.ToLower(it[1])] = number
	}
	return found
}

// declared are the package's constants of a type, as they are written.
func declared(t *testing.T, file, ofType string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	ast.Inspect(parsed, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if name, ok := spec.Type.(*ast.Ident); ok && name.Name == ofType {
			selector := spec.Values[0].(*ast.SelectorExpr)
			found = append(found, spec.Names[0].Name+" = C."+selector.Sel.Name)
		}
		return true
	})
	return found
}

func TestOutcomesAndCodesAreThoseOfTheHeader(t *testing.T) {
	for _, row := range []struct {
		prefix, ofType, goPrefix string
		name                     func(int) string
	}{
		{"FLEXCANCEL_OUTCOME_", "Outcome", "", func(n int) string { return Outcome(n).String() }},
		{"FLEXCANCEL_CODE_", "Code", "Code", func(n int) string { return Code(n).String() }},
	} {
		found := map[string]bool{}
		for _, it := range declared(t, "outcome.go", row.ofType) {
			found[strings.ToLower(it)] = true
		}
		expected := defined(t, row.prefix)
		if len(expected) < 5 || len(found) != len(expected) {
			t.Errorf("%d of %d: %v", len(found), len(expected), found)
		}
		for name, number := range expected {
			constant := row.goPrefix + strings.ReplaceAll(name, "_", "") + " = c." + row.prefix + name
			if !found[strings.ToLower(constant)] {
				t.Errorf("expected %s", constant)
			}
			if shown := row.name(number); shown != name {
				t.Errorf("%d is %s, not %s", number, shown, name)
			}
		}
	}
	if shown := Outcome(77).String() + ", " + Code(777).String(); shown != "outcome 77, code 777" {
		t.Error(shown)
	}
}

// What go doc shows over a group of codes is true of each of them.
func TestEachGroupOfCodesNamesItsHundreds(t *testing.T) {
	parsed, err := parser.ParseFile(token.NewFileSet(), "outcome.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	numbers, seen := defined(t, "FLEXCANCEL_CODE_"), 0
	for _, decl := range parsed.Decls {
		group, ok := decl.(*ast.GenDecl)
		if !ok || !strings.HasPrefix(group.Doc.Text(), "The codes") {
			continue
		}
		line, _, _ := strings.Cut(group.Doc.Text(), "\n")
		for _, it := range group.Specs {
			selector := it.(*ast.ValueSpec).Values[0].(*ast.SelectorExpr).Sel.Name
			number := numbers[strings.ToLower(strings.TrimPrefix(selector, "FLEXCANCEL_CODE_"))]
			hundred := strconv.Itoa(number/100) + "xx"
			if number == 0 {
				hundred = "0 is OK"
			}
			if !strings.Contains(line, hundred) {
				t.Errorf("%s is %d, and stands under %q", selector, number, line)
			}
			seen++
		}
	}
	if seen != len(numbers) {
		t.Errorf("%d of %d codes", seen, len(numbers))
	}
}

func TestHoldsAreThoseOfTheResultsPage(t *testing.T) {
	page := text(t, "docs/RESULT.md")
	for number, hold := range []Hold{HoldUnknown, HoldReleased, HoldNone, HoldCaptured, HoldHeld} {
		if !strings.Contains(page, "| "+strconv.Itoa(number)+" | `"+hold.String()+"` |") {
			t.Errorf("%d is not %s", number, hold)
		}
	}
}

func TestLevelsAreThoseOfTheHeader(t *testing.T) {
	expected := map[string]string{"warn": "WARN", "info": "INFO", "debug": "DEBUG"}
	for name, number := range defined(t, "FLEXCANCEL_LEVEL_") {
		if shown := slogLevel(int32(number)).String(); shown != expected[name] {
			t.Errorf("%s is %s", name, shown)
		}
		delete(expected, name)
	}
	if len(expected) > 0 {
		t.Errorf("the header lacks %v", expected)
	}
}

func TestVersionAndABIAreThoseOfTheHeader(t *testing.T) {
	header := text(t, "include/flexcancel.h")
	if !strings.Contains(header, `#define FLEXCANCEL_VERSION "`+Version()+`"`) {
		t.Error(Version())
	}
	abi := defined(t, "FLEXCANCEL_ABI_")["version"]
	if int(loadedABI()) != abi || int(expectedABI()) != abi {
		t.Errorf("%d %d %d", loadedABI(), expectedABI(), abi)
	}
}

func TestTheDefaultTimeoutIsThatOfThePage(t *testing.T) {
	row := regexp.MustCompile("\n\\| `timeout_ms` \\| number \\| (\\d+) \\|").
		FindStringSubmatch(text(t, "docs/CONFIGURATION.md"))
	if row == nil || row[1] != strconv.FormatInt(int64(defaultTimeout/time.Millisecond), 10) {
		t.Errorf("%v", row)
	}
}

func TestConfigAndOptionsHaveTheKeysOfThePage(t *testing.T) {
	page := text(t, "docs/CONFIGURATION.md")
	keys := func(heading string) map[string]bool {
		_, section, _ := strings.Cut(page, "\n## "+heading+"\n")
		section, _, _ = strings.Cut(section, "\n## ")
		found := map[string]bool{}
		for _, it := range regexp.MustCompile("(?m)^\\| `(\\w+)`").FindAllStringSubmatch(section, -1) {
			found[it[1]] = true
		}
		return found
	}
	config := keys("Configuration")
	for i := range reflect.TypeFor[Config]().NumField() {
		name := reflect.TypeFor[Config]().Field(i).Name
		if name == "Logger" {
			continue
		}
		full := Config{}
		field := reflect.ValueOf(&full).Elem().Field(i)
		switch field.Kind() {
		case reflect.String:
			field.SetString("x")
		case reflect.Bool:
			field.SetBool(true)
		default:
			field.SetInt(int64(time.Second))
		}
		json, err := full.toJSON()
		key := strings.Split(json+`""`, `"`)[1]
		if err != nil || !config[key] {
			t.Errorf("%s is %s: %v", name, json, err)
		}
		delete(config, key)
	}
	rest := keys("Options of one call")
	for _, key := range keysOf(reflect.TypeFor[options]()) {
		if !rest[key] {
			t.Errorf("%s is no option", key)
		}
		delete(rest, key)
	}
	if len(config)+len(rest) > 0 {
		t.Errorf("there is no way to set %v %v", config, rest)
	}
}
