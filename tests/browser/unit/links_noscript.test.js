// What is for browsers without scripts is set aside as the HTML standard reads it, and comes back to the byte.

import assert from "node:assert/strict";
import test from "node:test";
import { SetAside } from "../../../crates/app/web/links/noscript.js";

test("each noscript is set aside and comes back where it was", () => {
  const cases = [
    ["<head><noscript><img src=x></noscript><style>", "<head><!--m-0--><style>"],
    ["a<NoScript a='>'>x</NOSCRIPT b='>' >b<noscript/>c</noscript>d", "a<!--m-0-->b<!--m-1-->d"],
    ["\u0130\u0130<noscript>x</noscript>y", "\u0130\u0130<!--m-0-->y"],
    ["a<noscript><!-- </noscript> -->", "a<!--m-0--> -->"],
    ["a<noscript>x</noscripts></noscript>b", "a<!--m-0-->b"],
    ["a<noscript>to the end", "a<!--m-0-->"],
    ["<!--><noscript>x</noscript>-->", "<!--><!--m-0-->-->"],
    ["<a b=c'><noscript>x</noscript>'>", "<a b=c'><!--m-0-->'>"],
    ["1 < 2 <noscript>x</noscript>", "1 < 2 <!--m-0-->"],
  ];
  for (const [html, expected] of cases) {
    const aside = new SetAside(html, "m");
    assert.equal(aside.html, expected, html);
    assert.equal(aside.restore(aside.html), html);
  }
});

test("what only looks like one stays", () => {
  for (const html of [
    "<!-- <noscript>x</noscript> -->",
    "<script>'<noscript>x</noscript>'</script>",
    "<title><noscript>x</noscript></title>",
    "<p title='<noscript>x</noscript>'>",
    '<p title = "<noscript>x</noscript>">',
    "<!doctype html><p></noscript><noscripts>x</noscripts>",
    "<plaintext><noscript>x</noscript>",
    "<style><noscript>",
    "<!-- <noscript>",
    "<p title='<noscript>",
    "<",
    "</",
    "<!",
  ]) {
    assert.equal(new SetAside(html, "m").html, html);
  }
});
