package mail

import (
	"bytes"
	"embed"
	"errors"
	htmltemplate "html/template"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	texttemplate "text/template"
	"text/template/parse"

	"freshet"
)

// The letters, by the names of their templates, with what Message.Data has to hold and what it may.
const (
	VerifyEmail     = "verify-email"     // Code; Minutes, Username
	SignInCode      = "sign-in-code"     // Code; Minutes, Username
	ResetPassword   = "reset-password"   // Code; Minutes, Username
	NewAddress      = "new-address"      // Code; Minutes, Username
	Invitation      = "invitation"       // Username, Password; Days
	PasswordChanged = "password-changed" // ; Time, Username
	EmailChanged    = "email-changed"    // Email, the new one; Username
	PasskeyAdded    = "passkey-added"    // ; Time, Username
)

const (
	maxValue    = 512      // bytes of a value in a letter
	maxTemplate = 64 << 10 // bytes of a template's file
	maxSubject  = 998      // bytes of a rendered subject
)

// letterFields are what a letter needs, and what it may also get. Every template may use Product, URL and To
// besides. The embedded templates show no Username but in an invitation: strangers
// choose theirs, and would have us send their words to anybody.
var letterFields = map[string]struct{ needs, may []string }{
	VerifyEmail:     {needs: []string{"Code"}, may: []string{"Minutes", "Username"}},
	SignInCode:      {needs: []string{"Code"}, may: []string{"Minutes", "Username"}},
	ResetPassword:   {needs: []string{"Code"}, may: []string{"Minutes", "Username"}},
	NewAddress:      {needs: []string{"Code"}, may: []string{"Minutes", "Username"}},
	Invitation:      {needs: []string{"Username", "Password"}, may: []string{"Days"}},
	PasswordChanged: {may: []string{"Time", "Username"}},
	EmailChanged:    {needs: []string{"Email"}, may: []string{"Username"}},
	PasskeyAdded:    {may: []string{"Time", "Username"}},
}

//go:embed templates
var embedded embed.FS

// layoutFile has parts that all HTML templates may use.
const layoutFile = "layout.html"

type templates struct{ letters map[string]letterTemplate }

type letterTemplate struct {
	subject, text *texttemplate.Template
	html          *htmltemplate.Template
}

// openTemplates reads the embedded templates, and those in dir that go before them, and tries them all.
func openTemplates(dir string) (*templates, error) {
	if err := checkDir(dir); err != nil {
		return nil, err
	}
	layout, err := readTemplate(dir, layoutFile)
	if err != nil {
		return nil, err
	}
	t := &templates{letters: make(map[string]letterTemplate)}
	for _, name := range slices.Sorted(maps.Keys(letterFields)) {
		text, err := readTemplate(dir, name+".txt")
		if err != nil {
			return nil, err
		}
		html, err := readTemplate(dir, name+".html")
		if err != nil {
			return nil, err
		}
		letter, err := parseLetter(name, text, html, layout)
		if err != nil {
			return nil, freshet.Errorf(freshet.Invalid, "a mail template is wrong: %v", err)
		}
		t.letters[name] = letter
	}
	return t, nil
}

// checkDir refuses files whose names are no template's: they would do nothing, and a typing error would
// show only in the letters.
func checkDir(dir string) error {
	if dir == "" {
		return nil
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return freshet.Wrap(freshet.Invalid, err, "the directory of mail templates %s cannot be read", dir)
	}
	for _, file := range files {
		extension := filepath.Ext(file.Name())
		if extension != ".html" && extension != ".txt" || file.Name() == layoutFile {
			continue
		}
		if _, known := letterFields[strings.TrimSuffix(file.Name(), extension)]; !known {
			return freshet.Errorf(freshet.Invalid, "%s is no mail template; there are %s",
				filepath.Join(dir, file.Name()), strings.Join(slices.Sorted(maps.Keys(letterFields)), ", "))
		}
	}
	return nil
}

func readTemplate(dir, name string) (string, error) {
	if dir != "" {
		file, err := os.Open(filepath.Join(dir, name))
		if err == nil {
			defer func() { _ = file.Close() }() // it was only read
			body, err := io.ReadAll(io.LimitReader(file, maxTemplate+1))
			if err != nil {
				return "", freshet.Wrap(freshet.Invalid, err, "the mail template %s cannot be read", name)
			}
			if len(body) > maxTemplate {
				return "", freshet.Errorf(freshet.TooLarge, "the mail template %s has more than %d bytes", name, maxTemplate)
			}
			return string(body), nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", freshet.Wrap(freshet.Invalid, err, "the mail template %s cannot be read", name)
		}
	}
	body, err := embedded.ReadFile("templates/" + name)
	return string(body), err
}

// parseLetter makes a letter's templates. Subject and text are two templates of one file, so that nothing
// put into the subject can run on into the text. What belongs to the other is left blank, so that the places
// in errors are those in the file.
func parseLetter(name, text, html, layout string) (letterTemplate, error) {
	var letter letterTemplate
	first, rest, _ := strings.Cut(text, "\n")
	subject, ok := strings.CutPrefix(strings.TrimRight(first, "\r"), "Subject: ")
	if !ok || strings.TrimSpace(subject) == "" {
		return letter, freshet.Errorf(freshet.Invalid, `%s.txt:1: the first line is not "Subject: " and a subject`, name)
	}
	fields := allFields(name)
	var err error
	if letter.subject, err = texttemplate.New(name + ".txt").Option("missingkey=error").Parse(strings.Repeat(" ", len("Subject: ")) + subject); err != nil {
		return letter, err
	}
	if letter.text, err = texttemplate.New(name + ".txt").Option("missingkey=error").Parse("\n" + rest); err != nil {
		return letter, err
	}
	letter.html = htmltemplate.New(name + ".html").Option("missingkey=error")
	if _, err = letter.html.New(layoutFile).Parse(layout); err != nil {
		return letter, err
	}
	if _, err = letter.html.Parse(html); err != nil {
		return letter, err
	}
	for _, template := range []*texttemplate.Template{letter.subject, letter.text} {
		if err := checkFields(template.Tree, fields, treesOf(template)); err != nil {
			return letter, err
		}
	}
	if err := checkFields(letter.html.Tree, fields, htmlTreesOf(letter.html)); err != nil {
		return letter, err
	}
	return letter, letter.try(fields)
}

// try renders the letter once with everything and once with nothing to say: html/template finds some faults
// only then.
func (t letterTemplate) try(fields []string) error {
	for _, value := range []string{"1", ""} {
		data := make(map[string]string)
		for _, field := range fields {
			data[field] = value
		}
		if err := t.execute(data, &Kept{}); err != nil {
			return err
		}
	}
	return nil
}

func (t letterTemplate) execute(data map[string]string, into *Kept) error {
	var subject, text, html bytes.Buffer
	if err := t.subject.Execute(&subject, data); err != nil {
		return err
	}
	if err := t.text.Execute(&text, data); err != nil {
		return err
	}
	if err := t.html.Execute(&html, data); err != nil {
		return err
	}
	into.Subject = strings.TrimSpace(subject.String())
	into.Text = strings.TrimLeft(text.String(), "\r\n")
	into.HTML = html.String()
	return nil
}

// render fills in a letter. No value of a message and no subject has a line end, so none can add a header.
func (t *templates) render(message Message, config Config, into *Kept) error {
	letter, found := t.letters[message.Template]
	if !found {
		return freshet.Errorf(freshet.Invalid, "there is no mail template %.64q", message.Template)
	}
	data := make(map[string]string)
	for _, field := range allFields(message.Template) {
		data[field] = ""
	}
	for field, value := range message.Data {
		if _, known := data[field]; !known || isCommon(field) {
			return freshet.Errorf(freshet.Invalid, "the mail template %s has no %.64q", message.Template, field)
		}
		if !isLine(value) || len(value) > maxValue {
			return freshet.Errorf(freshet.Invalid, "%s in mail is one line of %d bytes at most, without control characters", field, maxValue)
		}
		data[field] = value
	}
	for _, field := range letterFields[message.Template].needs {
		if data[field] == "" {
			return freshet.Errorf(freshet.Invalid, "the mail template %s needs %s", message.Template, field)
		}
	}
	data["Product"], data["URL"], data["To"] = config.Product, config.URL, message.To
	if err := letter.execute(data, into); err != nil {
		return freshet.Wrap(freshet.Internal, err, "the mail template %s failed", message.Template)
	}
	// "=?" begins an encoded word: a mail program would show something else than what stands there.
	if into.Subject == "" || len(into.Subject) > maxSubject || !isLine(into.Subject) || strings.Contains(into.Subject, "=?") {
		return freshet.Errorf(freshet.Invalid, "the subject of the mail template %s comes out empty, over %d bytes, or with characters that no subject can have", message.Template, maxSubject)
	}
	return nil
}

func isCommon(field string) bool { return field == "Product" || field == "URL" || field == "To" }

func allFields(name string) []string {
	fields := letterFields[name]
	return slices.Concat([]string{"Product", "URL", "To"}, fields.needs, fields.may)
}

func treesOf(t *texttemplate.Template) func(string) *parse.Tree {
	return func(name string) *parse.Tree {
		if other := t.Lookup(name); other != nil {
			return other.Tree
		}
		return nil
	}
}

func htmlTreesOf(t *htmltemplate.Template) func(string) *parse.Tree {
	return func(name string) *parse.Tree {
		if other := t.Lookup(name); other != nil {
			return other.Tree
		}
		return nil
	}
}
