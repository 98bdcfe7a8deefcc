//! The rules by which the build makes one script of several modules.

use std::path::Path;

#[path = "../build/linker.rs"]
mod linker;

fn link(modules: &[(&str, &str)]) -> anyhow::Result<String> {
    linker::link(Path::new(modules[0].0), &|path| {
        let found = modules.iter().find(|(name, _)| Path::new(name) == path);
        Ok(found.ok_or_else(|| anyhow::anyhow!("{} is not there", path.display()))?.1.to_owned())
    })
}

#[test]
fn modules_come_before_who_imports_them_and_once() {
    let linked = link(&[
        ("entry.js", "// What it is.\nimport { a } from \"./x/a.js\";\nimport {\n  b,\n  c,\n} from \"./x/b.js\";\n\nexport function run() {\n  // why\n  a(b, c);\n}\n"),
        ("x/a.js", "import { c } from \"./b.js\";\n/** Doc. */\nexport const a = () => c;\n"),
        ("x/b.js", "/**\n * Doc.\n */\nexport class b {}\nexport async function c() {\n  const a = 1;\n}\n"),
    ])
    .unwrap();
    assert_eq!(
        linked,
        "class b {}\nasync function c() {\n  const a = 1;\n}\nconst a = () => c;\nexport function run() {\n  a(b, c);\n}\n"
    );
}

#[test]
fn what_breaks_a_rule_is_named() {
    let cases: [(&[(&str, &str)], &str); 8] = [
        (&[("e.js", "import { a } from \"./a.js\";\n"), ("a.js", "const a = 1;\n")], "a.js exports no a"),
        (&[("e.js", "import { a } from \"./a.js\";\n")], "a.js is not there"),
        (
            &[
                ("e.js", "import { a } from \"./a.js\";\nconst b = 1;\n"),
                ("a.js", "export const a = 1;\nlet b = 2;\n"),
            ],
            "b is declared in a.js too",
        ),
        (&[("e.js", "import { e } from \"./e.js\";\nexport const e = 1;\n")], "imports itself in a circle"),
        (&[("e.js", "const x = 1;\nimport a from \"./a.js\";\n")], "line 2: an import is"),
        (&[("e.js", "import { a as b } from \"./a.js\";\n")], "renames nothing"),
        (&[("e.js", "export default 1;\n")], "only a declaration"),
        (&[("e.js", "import { a } from \"../a.js\";\n")], "leads out of web/"),
    ];
    for (modules, expected) in cases {
        let error = format!("{:#}", link(modules).unwrap_err());
        assert!(error.contains(expected), "{error:?} says nothing of {expected:?}");
    }
}
