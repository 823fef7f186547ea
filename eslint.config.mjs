// How the scripts are linted. Parts of the embedded script (static/embed/) become one function when the server composes
// them. So a part may use its own names, and those that every script with this part defines: tests/banner/composed.py
// says which parts and constants these scripts have.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import js from "@eslint/js";
import { Linter } from "eslint";
import globals from "globals";

const ROOT = import.meta.dirname;
const EMBED = "static/embed/";

// Names of the window that are easily taken for one's own, whose absence nobody would notice.
const UNCLEAR = (
  "close closed event external find focus length name open origin print status stop top"
).split(" ");
const browser = Object.fromEntries(Object.entries(globals.browser).filter(([name]) => !UNCLEAR.includes(name)));

// The function that a part lies in: a part may return.
const LANGUAGE = { sourceType: "script", parserOptions: { ecmaFeatures: { globalReturn: true } } };

// Which names a text defines at its top, which it takes from elsewhere, and which it has the window hold.
function namesOf(text) {
  const linter = new Linter();
  const [failed] = linter.verify(text, { languageOptions: LANGUAGE });
  if (failed) throw new Error(failed.message);
  const { scopeManager } = linter.getSourceCode();
  const { variables } = scopeManager.globalScope.childScopes[0];
  return {
    // `arguments` has no definition.
    defined: Object.fromEntries(
      variables
        .filter(({ defs }) => defs[0])
        .map(({ name, defs }) => [name, defs[0].parent?.kind === "let" ? "writable" : "readonly"]),
    ),
    taken: new Set(scopeManager.globalScope.through.map(({ identifier }) => identifier.name)),
    shown: Object.fromEntries([...text.matchAll(/\bwindow\.(\w+)/g)].map(([, name]) => [name, "writable"])),
  };
}

function inAll(objects) {
  return Object.fromEntries(Object.entries(objects[0]).filter(([name]) => objects.every((each) => name in each)));
}

// A name that another part uses is used.
const usedElsewhere = {
  meta: { schema: [{ type: "array" }] },
  create: (context) => ({
    Program: () => context.options[0].forEach((name) => context.sourceCode.markVariableAsUsed(name)),
  }),
};

function configs() {
  const python = process.env.PYTHON ?? `${ROOT}/.venv/bin/python`;
  const said = execFileSync(python, ["-m", "tests.banner.composed"], { cwd: ROOT, encoding: "utf8" });
  const compositions = JSON.parse(said);
  const names = {};
  for (const { opening, parts } of compositions) {
    names[opening] ??= namesOf(opening);
    for (const part of parts) names[part] ??= namesOf(readFileSync(`${ROOT}/${EMBED}${part}`, "utf8"));
  }
  return [...new Set(compositions.flatMap(({ parts }) => parts))].map((part) => {
    const its = compositions.filter(({ parts }) => parts.includes(part));
    const others = ({ opening, parts }) =>
      [opening, ...parts.filter((each) => each !== part)].map((each) => names[each]);
    const known = its.map((each) =>
      Object.assign(
        {},
        names[part].shown,
        ...others(each).map(({ shown }) => shown),
        ...each.constants.map((name) => ({ [name]: "readonly" })),
        ...others(each).map(({ defined }) => defined),
      ),
    );
    const taken = new Set(its.flatMap(others).flatMap((each) => [...each.taken]));
    return {
      files: [EMBED + part],
      languageOptions: { ...LANGUAGE, globals: { ...browser, ...inAll(known) } },
      plugins: { parts: { rules: { "used-elsewhere": usedElsewhere } } },
      rules: { "parts/used-elsewhere": ["error", [...taken]] },
    };
  });
}

export default [
  { files: ["static/**/*.js"], ...js.configs.recommended },
  {
    files: ["static/**/*.js"],
    languageOptions: { sourceType: "script", globals: browser },
    rules: {
      eqeqeq: "error",
      "no-empty": ["error", { allowEmptyCatch: true }],
      "no-var": "error",
      "prefer-const": "error",
    },
  },
  ...configs(),
  { files: ["*.mjs"], ...js.configs.recommended, languageOptions: { globals: globals.node } },
];
