//! Follows the recipes of `flex-sandbox --help`: each does what it says.

use crate::follow::{directory, run};

const HELP: &str = include_str!("../../examples/sandbox/src/help.txt");

/// What is done with a recipe: how it begins, the options of its sandbox, and lines in which `@1`
/// is its first command, and so on.
const RECIPES: &[(&str, &str, &str)] = &[
    ("Pay and cancel;", "", "ID=$(@1 | cut -d'\"' -f4); @2; @3; @4 | grep '\"hold\":\"released\"'"),
    (
        "A lost answer:",
        "",
        "ID=$(held); @1; if curl -s -X POST $URL/v1/checkout/sessions/$ID/cancel -H \"$AS_CLIENT\"
         then exit 1; fi; released $ID
         ID=$(held); @1; flexcancel cancel $ID; requests '\"fault\":\"drop_answer\"'",
    ),
    (
        "The outcome unknown: every",
        "",
        "ID=$(held); @1; pending; @2 | grep '\"hold\":\"released\"'; @3; repeated",
    ),
    (
        "The outcome unknown, and",
        "",
        "ID=$(held); @1; pending; curl -s $URL/__sandbox/sessions/$ID | grep '\"hold\":\"held\"'
         @2; repeated",
    ),
    (
        "A rate limit:",
        "",
        "ID=$(held); @1; flexcancel cancel $ID; requests '\"status\":429,'; [ $COUNT = 3 ]",
    ),
    (
        "A rate limit:",
        "--rate-limit 2",
        "flexcancel cancel $(held) $(held) $(held)
         curl -s $URL/__sandbox/counts | grep -v '\"rate_limited\":0'",
    ),
    (
        "A captured session,",
        "",
        "ID=$(@1 | cut -d'\"' -f4); @2; (flexcancel cancel $ID || [ $? = 1 ]) | tee said.txt
         grep not_cancelable said.txt",
    ),
    (
        "A slow network:",
        "",
        "ID=$(held); @1; SECONDS=0; flexcancel cancel $ID; [ $SECONDS -ge 1 ]
         @2; curl -s $URL/__sandbox/faults | grep '\\[\\]'",
    ),
    (
        "A slow network:",
        "--latency-ms 800",
        "flexcancel cancel --json $(held) | grep '\"elapsed_ms\": *\\([89][0-9][0-9]\\|[0-9]\\{4\\}\\),'",
    ),
    (
        "A sandbox that is away",
        "",
        "ID=$(held); @1; (flexcancel cancel $ID || [ $? = 2 ]) | tee said.txt
         grep not_applied said.txt",
    ),
];

const BEFORE: &str = r#"
URL=$FLEX_BASE_URL; AS_CLIENT='Authorization: Bearer fsk_test_1'
pending() {
  flexcancel cancel --json --timeout 1 $ID >result.json || [ $? = 3 ]
  grep '"outcome": *"unknown"' result.json
}
repeated() {
  flexcancel cancel $ID --repeat "$(sed -n 's/.*"repeat": *\({[^}]*}\).*/\1/p' result.json)"
  released $ID | grep '"cancels_received":1,'
}
requests() {
  curl -s $URL/__sandbox/overview >overview.json
  COUNT=$(grep -o "$1" overview.json | wc -l)
  [ $COUNT != 0 ]
}
"#;

struct Recipe {
    title: String,
    commands: Vec<String>,
    /// The options of its sandboxes.
    options: Vec<String>,
}

/// The recipes: lines that are indented by two are text, by four a command, by more its rest.
fn recipes() -> Vec<Recipe> {
    let (_, text) = HELP.split_once("\nRECIPES\n").expect("the help has recipes");
    let (text, _) = text.split_once("\n\n").expect("something follows the recipes");
    let mut recipes: Vec<Recipe> = Vec::new();
    let mut was_command = true;
    for line in text.lines() {
        let is_command = line.starts_with("    ");
        if !is_command && was_command {
            recipes.push(Recipe { title: String::new(), commands: vec![], options: vec![] });
        }
        was_command = is_command;
        let recipe = recipes.last_mut().expect("a recipe begins with text");
        if !is_command {
            recipe.title.extend([line.trim(), " "]);
        } else if line.starts_with("      ") {
            recipe.commands.last_mut().expect("a command").extend(["\n", line]);
        } else if let Some(options) = line.strip_prefix("    flex-sandbox ") {
            recipe.options.push(options.to_owned());
        } else {
            recipe.commands.push(line.trim().to_owned());
        }
    }
    recipes
}

#[test]
fn the_recipes_of_the_sandbox_s_help_do_what_they_say() {
    let recipes = recipes();
    for recipe in &recipes {
        let rows: Vec<_> = RECIPES.iter().filter(|it| recipe.title.contains(it.0)).collect();
        for number in 1..=recipe.commands.len() {
            let name = format!("@{number}");
            assert!(rows.iter().any(|it| it.2.contains(&name)), "{}: {name}", recipe.title);
        }
        for options in &recipe.options {
            assert!(rows.iter().any(|it| it.1 == options), "{}: {options}", recipe.title);
        }
    }
    for (title, options, lines) in RECIPES {
        let recipe = recipes.iter().find(|it| it.title.contains(title)).expect(title);
        let has_options = options.is_empty() || recipe.options.iter().any(|it| it == options);
        assert!(has_options, "{title} {options}");
        let mut lines = (*lines).to_owned();
        for (number, command) in recipe.commands.iter().enumerate() {
            let command = command.replacen("curl ", "curl -sS ", 1);
            lines = lines.replace(&format!("@{}", number + 1), &command);
        }
        let scratch = directory("recipes");
        run(title, &scratch, options, &[BEFORE, &lines].join("\n"));
    }
}
