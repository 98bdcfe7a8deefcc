// Of CSS nothing changes but its URLs.

import assert from "node:assert/strict";
import test from "node:test";
import { rewriteCss } from "../../../crates/app/web/links/css_links.js";

const convert = (/** @type {string} */ url) => (url.startsWith("crowd://") ? `/${url.slice(8)}` : null);

test("URLs change", () => {
  const cases = [
    ["a{background:url(crowd://p/a.png) no-repeat}", 'a{background:url("/p/a.png") no-repeat}'],
    ["a { b: URL( 'crowd://p/a.png' ) }", 'a { b: URL( "/p/a.png" ) }'],
    ["a{b:url(  crowd://p/a  )}", 'a{b:url("/p/a")}'],
    ["a{b:src('crowd://p/a')}", 'a{b:src("/p/a")}'],
    ["@import 'crowd://p/a.css' screen;", '@import "/p/a.css" screen;'],
    ["@IMPORT/**/ url(crowd://p/a.css);", '@IMPORT/**/ url("/p/a.css");'],
    ["a{b:image-set('crowd://p/a' 1x,'b' 2x)}", "a{b:image-set(\"/p/a\" 1x,'b' 2x)}"],
    [
      "a{b:-webkit-image-set(url(crowd://p/a) type('crowd://p/b'))}",
      "a{b:-webkit-image-set(url(\"/p/a\") type('crowd://p/b'))}",
    ],
    ["@media x{@font-face{src:url(crowd://p/f)}}c{}", '@media x{@font-face{src:url("/p/f")}}c{}'],
    ["a{b:url(crowd://p/a", 'a{b:url("/p/a")'],
    ["a{b:u\\72l(crowd://p/a)}", 'a{b:url("/p/a")}'],
    ["a{b:url(c\\72 owd://p/a\\29)}", 'a{b:url("/p/a)")}'],
    ["a{b:url('cr\\\nowd://p/\\22')}", 'a{b:url("/p/\\"")}'],
    ["<!--url(crowd://p/a)-->url(crowd://p/b)", '<!--url("/p/a")-->url("/p/b")'],
    ["a{b:calc((1px) * [2]) url(crowd://p/a)}", 'a{b:calc((1px) * [2]) url("/p/a")}'],
    [") } url(crowd://p/a)", ') } url("/p/a")'],
  ];
  for (const [css, expected] of cases) assert.equal(rewriteCss(css, convert), expected, css);
});

test("all else stays", () => {
  const same = [
    'a::after{content:"crowd://p/a"}',
    "/* url(crowd://p/a) */",
    "a{b:url(x.png)}",
    "@charset 'crowd://p/a'",
    "@import x 'crowd://p/a'",
    "@import-x 'crowd://p/a'",
    "a{b:myurl(crowd)}",
    "a{b:10url(crowd://p/a)}",
    "#url(crowd://p/a)",
    "@url(crowd://p/a)",
    "--url(crowd://p/a)",
    "a{b:url(crowd://p/ a)}",
    "a{b:url(crowd://p/'a)}",
    "a{b:url('crowd://p/a\n')}",
    "/* url(crowd://p/a)",
    "url",
    "\\",
    "",
  ];
  for (const css of same) assert.equal(rewriteCss(css, convert), null, css);
});

test("deep nesting and long sheets are survived", () => {
  assert.equal(rewriteCss(`${"(".repeat(100_000)}url(crowd://p/a)`, convert), null);
  const long = "a{b:url(crowd://p/a)}".repeat(20_000);
  assert.equal(rewriteCss(long, convert)?.length, long.length - "crowd:/".length * 20_000 + 2 * 20_000);
});
