//! Pages for browsers without the worker: their crowd links become ordinary ones.

use crate::support::{NAVIGATION, World, boot, navigation};

const PAGE: &str = r#"<!doctype html><meta charset=utf-8><title>crowd://site/x</title>
<link rel=stylesheet href=crowd://site/style.css><base target=_blank>
<style>@import "crowd://site/a.css"; p { background: url(crowd://site/b.png) } q::after { content: "crowd://site/" }</style>
<p style="background: url('crowd://site/c d.png')">crowd://site/text</p>
<a href="crowd://site/guide/?q=1&amp;r=2#top">one</a> <A HREF='crowd://other/'>two</A> <a href="/plain">three</a>
<img src="crowd://site/a.png" srcset="crowd://site/a.png 1x, crowd://other/b.png 2x" alt="crowd://site/">
<form action="crowd://elsewhere.org/p/"><button formaction="crowd://site/x">x</button></form>
<video poster="crowd://site/p.png"></video><object data="crowd://site/o"></object>
<a href="crowd://site/../bad">bad</a><!-- crowd://site/ --><script>let a = "crowd://site/";</script>
"#;

#[tokio::test]
async fn crowd_links_become_ordinary_ones() {
    let world = World::start().await;
    // More than a chunk before it, so that tags lie across chunks.
    let page = format!("{}{PAGE}{PAGE}", " ".repeat(900));
    world.publish("site", &[("index.html", "text/html; charset=utf-8", page.as_bytes())]).await;

    let reply = world.get("/", &navigation(&[("Host", "site.localhost:7000"), ("Range", "bytes=0-1")])).await;
    assert_eq!((reply.status, reply.complete), (200, true));
    assert_eq!(reply.header("vary"), Some("Sec-Fetch-Dest, Accept"));
    assert_eq!((reply.header("etag"), reply.header("accept-ranges")), (None, None));
    assert_eq!(reply.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(reply.header("x-crowd-version"), Some("1"));
    let expected = r#"<!doctype html><meta charset=utf-8><title>crowd://site/x</title>
<link rel=stylesheet href="/style.css"><base target=_blank>
<style>@import "/a.css"; p { background: url("/b.png") } q::after { content: "crowd://site/" }</style>
<p style="background: url(&quot;/c%20d.png&quot;)">crowd://site/text</p>
<a href="/guide/?q=1&amp;r=2#top">one</a> <A HREF="http://other.localhost:7000/">two</A> <a href="/plain">three</a>
<img src="/a.png" srcset="/a.png 1x, http://other.localhost:7000/b.png 2x" alt="crowd://site/">
<form action="https://elsewhere.org/p/"><button formaction="/x">x</button></form>
<video poster="/p.png"></video><object data="/o"></object>
<a href="crowd://site/../bad">bad</a><!-- crowd://site/ --><script>let a = "crowd://site/";</script>
"#;
    let twice = format!("{}{expected}{expected}{}", " ".repeat(900), boot("site", 1));
    assert_eq!(reply.text(), twice);

    let reply = world.get("/site/", &NAVIGATION).await;
    assert!(reply.text().contains(r#"href="/site/guide/?q=1&amp;r=2#top""#), "{}", reply.text());
    assert!(reply.text().contains(r#"HREF="/other/""#), "{}", reply.text());
    assert_eq!(reply.header("content-security-policy"), Some("sandbox allow-scripts allow-forms"));

    // Everybody else gets the file's own bytes.
    for headers in [&[("Accept", "*/*")][..], &[], &[("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Dest", "empty")]]
    {
        let reply = world.get("/site/", headers).await;
        assert_eq!(reply.text(), page);
        assert!(reply.header("etag").is_some());
        assert_eq!(reply.header("vary"), Some("Sec-Fetch-Dest, Accept"));
    }
}

#[tokio::test]
async fn a_page_that_is_no_html_is_left_alone() {
    let world = World::start().await;
    let text = b"<a href=crowd://site/x>";
    world
        .publish("site", &[("a.txt", "text/plain", text), ("b.html", "text/html; charset=euc-kr", text)])
        .await;
    for path in ["/site/a.txt", "/site/b.html"] {
        let reply = world.get(path, &NAVIGATION).await;
        assert_eq!((reply.status, reply.body.as_slice()), (200, &text[..]), "{path}");
        assert!(reply.header("etag").is_some(), "{path}");
    }
}

#[tokio::test]
async fn an_element_shows_the_first_of_its_places_that_is_there() {
    let world = World::start().await;
    world.publish("here", &[("x.png", "image/png", b"x")]).await;
    let local = format!("crowd://{}/here/x.png", world.address);
    let cases = [
        (r#"<img src="crowd://site/a.png" data-src="crowd://here/x.png">"#, r#"src="/site/a.png""#),
        (r#"<img src="crowd://gone/a.png" data-src="crowd://here/x.png">"#, r#"src="/here/x.png""#),
        (
            r#"<img src="crowd://gone/a.png" data-src="crowd://lost/x,crowd://e.org/p/x">"#,
            r#"src="https://e.org/p/x""#,
        ),
        (r#"<img src="crowd://gone/a.png" data-src="crowd://lost/x">"#, r#"src="/gone/a.png""#),
        (r#"<img data-src="crowd://gone/x, crowd://here/x.png">"#, r#"src="/here/x.png""#),
        (r#"<a data-src="crowd://gone/x, crowd://here/?a&amp;b">"#, r#"href="/here/?a&amp;b""#),
        (r#"<img src="plain.png" data-src="crowd://here/x.png">"#, r#"<img src="plain.png" data"#),
        (r#"<img data-src="lazy.png">"#, r#"<img data-src="lazy.png">"#),
        (&format!(r#"<img data-src="crowd://gone/x,{local}">"#), r#"src="/here/x.png""#),
    ];
    let page: String = cases.iter().map(|(element, _)| format!("{element}\n")).collect();
    world.publish("site", &[("index.html", "text/html", page.as_bytes())]).await;
    let reply = world.get("/site/", &NAVIGATION).await;
    for ((element, expected), line) in cases.iter().zip(reply.text().lines()) {
        assert!(line.contains(expected), "{element} became {line}");
    }
}

#[tokio::test]
async fn a_page_too_large_to_parse_goes_through() {
    let world = World::start().await;
    let long = format!("<a href=crowd://site/x>x</a><img alt=\"{}\">y", "z".repeat(1_500_000));
    world.publish_as("site", 1, &[("index.html", "text/html", long.as_bytes())], |b| b).await;
    let reply = world.get("/site/", &NAVIGATION).await;
    assert!(reply.complete);
    let (start, rest) = long.split_at("<a href=crowd://site/x>".len());
    let start = start.replace("crowd://site/x", "\"/site/x\"");
    assert!(reply.text() == format!("{start}{rest}"), "changed");

    // What is closed can take the script even so.
    let closed = format!("{long}</body>\n</html>\n");
    world.publish("closed", &[("index.html", "text/html", closed.as_bytes())]).await;
    let reply = world.get("/closed/", &NAVIGATION).await;
    let rest = &closed["<a href=crowd://site/x>".len()..];
    assert!(reply.text() == format!("<a href=\"/site/x\">{rest}{}", boot("closed", 1)), "changed");

    let style = format!("<style>/*{}*/a{{b:url(crowd://site/x)}}</style>", "z".repeat(300_000));
    world.publish("styled", &[("index.html", "text/html", style.as_bytes())]).await;
    let expected = format!("{style}{}", boot("styled", 1));
    assert!(world.get("/styled/", &NAVIGATION).await.text() == expected, "changed");

    // A style that was kept to be rewritten when the parser gave up.
    let (style, tag) =
        (format!("<style>{}", "s".repeat(5_000)), format!("</style {}>", "z".repeat(1_500_000)));
    world.publish("torn", &[("index.html", "text/html", format!("{style}{tag}").as_bytes())]).await;
    assert!(world.get("/torn/", &NAVIGATION).await.text() == format!("{style}{tag}"), "changed");
}

#[tokio::test]
async fn behind_a_base_elsewhere_addresses_of_the_site_have_its_origin() {
    let world = World::start().await;
    let page = r#"<link href="crowd://site/a.css"><base href="https://e.org/x/"><img src="crowd://site/a b.svg">
<style>p{background:url(crowd://site/p.png)}</style><meta http-equiv=refresh content="9; url=crowd://site/n">"#;
    world.publish("site", &[("index.html", "text/html", page.as_bytes())]).await;
    let reply = world.get("/", &navigation(&[("Host", "site.localhost:7000")])).await;
    let origin = "http://site.localhost:7000";
    let expected = format!(
        r#"<link href="/a.css"><base href="https://e.org/x/"><img src="{origin}/a%20b.svg">
<style>p{{background:url("{origin}/p.png")}}</style><meta http-equiv=refresh content="9; url={origin}/n">"#
    );
    let boot = boot("site", 1).replace("src=\"", &format!("src=\"{origin}"));
    assert_eq!(reply.text(), format!("{expected}{boot}"));
}

#[tokio::test]
async fn a_stand_in_is_a_page_too() {
    let world = World::start().await;
    let files: [(&str, &str, &[u8]); 1] = [("404.html", "text/html", b"<a href=crowd://site/>home</a>")];
    world.publish_as("site", 1, &files, |b| b.not_found(Some("404.html".to_owned()))).await;
    let reply = world.get("/x/y", &navigation(&[("Host", "site.localhost")])).await;
    let expected = format!("<a href=\"/\">home</a>{}", boot("site", 1));
    assert_eq!((reply.status, reply.text()), (404, expected.as_str()));
}

#[tokio::test]
async fn a_framed_page_is_a_page() {
    let world = World::start().await;
    world.publish_as("site", 1, &[("index.html", "text/html", b"")], |b| b).await;
    world.publish_as("site", 2, &[("index.html", "text/html", b"<a href=crowd://site/x>")], |b| b).await;
    for dest in ["iframe", "frame"] {
        let headers = [("Host", "site.localhost"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", dest)];
        let reply = world.get("/", &headers).await;
        assert_eq!(reply.text(), format!("<a href=\"/x\">{}", boot("site", 2)), "{dest}");
        assert_eq!(reply.header("vary"), Some("Sec-Fetch-Dest, Accept"));
    }
}

#[tokio::test]
async fn a_page_sends_on_and_is_previewed_by_ordinary_addresses() {
    let world = World::start().await;
    let page = r#"<meta http-equiv="Refresh" content="0; URL='crowd://other/a b'">
<meta property="og:image" content="crowd://site/p.png"><meta name="og:url" content="crowd://site/">
<meta name="twitter:image" content="crowd://e.org/p/x.png"><meta property="og:image" content="/plain.png">
<meta name="description" content="crowd://site/ explained">
"#;
    world.publish("site", &[("index.html", "text/html", page.as_bytes())]).await;
    let reply = world.get("/", &navigation(&[("Host", "site.localhost:7000")])).await;
    let expected = r#"<meta http-equiv="Refresh" content="0; URL='http://other.localhost:7000/a%20b'">
<meta property="og:image" content="http://site.localhost:7000/p.png"><meta name="og:url" content="http://site.localhost:7000/">
<meta name="twitter:image" content="https://e.org/p/x.png"><meta property="og:image" content="/plain.png">
<meta name="description" content="crowd://site/ explained">
"#;
    assert_eq!(reply.text(), format!("{expected}{}", boot("site", 1)));

    let reply = world.get("/site/", &NAVIGATION).await;
    let preview = format!(r#"<meta property="og:image" content="http://{}/site/p.png">"#, world.address);
    assert!(reply.text().contains(&preview), "{}", reply.text());
    assert!(reply.text().contains("URL='/other/a%20b'"), "{}", reply.text());
}
