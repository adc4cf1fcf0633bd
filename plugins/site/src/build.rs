//! One site, from a directory to a directory.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use minijinja::value::Serde;
use minijinja::{Value, context};
use pipefitter_sdk::control::{self, StopReason};
use pipefitter_sdk::{Context, Failure, OutputArtifact, log};
use serde::Serialize;

use crate::config::Config;
use crate::front_matter::{self, FrontMatter};
use crate::links::{Links, encoded};
use crate::markdown;
use crate::nav::{self, spoken};
use crate::page::{Heading, Page};
use crate::source::Source;
use crate::theme::Theme;
use crate::{search, sitemap};

/// What was built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Built {
    pub(crate) pages: usize,
    pub(crate) words: usize,
    pub(crate) files: usize,
    pub(crate) drafts: usize,
}

/// Builds the site of `root` into `output`.
pub(crate) fn build(
    config: &Config,
    root: &Path,
    output: &OutputArtifact,
) -> Result<Built, Failure> {
    let source = Source::read(root)?;
    let (texts, drafts) = read(config, &source)?;
    if texts.is_empty() && config.fail_on_empty {
        return Err(nothing(config, &source, drafts.len()));
    }
    let theme = Theme::load(&source)?;
    refuse_clashes(&source, &theme, config)?;
    let mut pages = Vec::with_capacity(texts.len());
    for (at, text) in texts.iter().enumerate() {
        step(at, texts.len(), 0, 50, "reading")?;
        pages.push(page(&source, &drafts, &theme, text)?);
    }
    write(config, &source, &theme, &pages, output)?;
    Ok(Built {
        pages: pages.len(),
        words: pages.iter().map(|page| page.words).sum(),
        files: source.files.len(),
        drafts: drafts.len(),
    })
}

/// A source file, read.
struct Text {
    file: String,
    path: String,
    front: FrontMatter,
    body: String,
    skipped: usize,
}

/// All texts that become pages, and the names of the drafts that do not.
fn read(config: &Config, source: &Source) -> Result<(Vec<Text>, BTreeSet<String>), Failure> {
    let (mut texts, mut drafts) = (Vec::new(), BTreeSet::new());
    for (file, path) in &source.pages {
        let bytes =
            fs::read(source.root.join(file)).with_context(|| format!("reading `{file}`"))?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = valid.iter().filter(|byte| **byte == b'\n').count() + 1;
            Failure::job_failed(format!(
                "{file}:{line}: the text is not UTF-8: save the file as UTF-8"
            ))
        })?;
        let (front, body, skipped) = front_matter::split(file, &text)?;
        if front.draft && !config.drafts {
            drafts.insert(file.clone());
            continue;
        }
        let (file, path, body) = (file.clone(), path.clone(), body.to_owned());
        texts.push(Text {
            file,
            path,
            front,
            body,
            skipped,
        });
    }
    Ok((texts, drafts))
}

fn nothing(config: &Config, source: &Source, drafts: usize) -> Failure {
    let folder = config
        .source_folder
        .as_deref()
        .unwrap_or("the input artifact");
    let files = source.files.len();
    Failure::job_failed(format!(
        "there is no page: {folder} holds {files} other files and {drafts} drafts, but no .md file \
         that is not a draft. Set `source-folder` to the folder with the pages, or `fail-on-empty` to \
         false"
    ))
}

/// A file of the input may not take the place of one that is made.
fn refuse_clashes(source: &Source, theme: &Theme, config: &Config) -> Result<(), Failure> {
    let assets = theme.assets().map(|(name, _)| {
        (
            format!("assets/{name}"),
            format!("put it at `_templates/{name}` to replace the theme's"),
        )
    });
    let rename = || "rename it".to_owned();
    let made = assets
        .chain([
            ("search-index.json".to_owned(), rename()),
            (
                "404.html".to_owned(),
                "put a template at `_templates/404.html`".to_owned(),
            ),
        ])
        .chain(
            config
                .base_url
                .is_some()
                .then(|| ("sitemap.xml".to_owned(), rename())),
        );
    for (path, remedy) in made {
        let page = source
            .pages
            .iter()
            .find(|(_, page)| **page == path)
            .map(|(file, _)| file);
        if let Some(file) = source.files.get(&path).or(page) {
            return Err(Failure::job_failed(format!(
                "`{file}` stands where the site's own `{path}` goes: {remedy}"
            )));
        }
    }
    Ok(())
}

fn page(
    source: &Source,
    drafts: &BTreeSet<String>,
    theme: &Theme,
    text: &Text,
) -> Result<Page, Failure> {
    let links = Links::new(source, drafts, &text.file);
    let rendered = markdown::render(&text.file, &text.body, text.skipped, &links);
    let template = text
        .front
        .template
        .clone()
        .unwrap_or_else(|| "page.html".to_owned());
    if !theme.has(&template) {
        return Err(Failure::job_failed(format!(
            "{}: there is no template `{template}`: put it at `_templates/{template}`",
            text.file
        )));
    }
    let heading = rendered.title().map(|heading| heading.title.clone());
    let has_title = heading.is_some();
    let title = text
        .front
        .title
        .clone()
        .or(heading.filter(|title| !title.is_empty()));
    Ok(Page {
        source: text.file.clone(),
        path: text.path.clone(),
        title: title.unwrap_or_else(|| named(&text.path)),
        description: text.front.description.clone(),
        order: text.front.order,
        template,
        content: rendered.html,
        has_title,
        headings: rendered.headings,
        text: rendered.text,
        words: rendered.words,
    })
}

/// A title for a page that has none: its file's name, or its directory's.
fn named(path: &str) -> String {
    let path = path.strip_suffix(".html").unwrap_or(path);
    let path = path.strip_suffix("/index").unwrap_or(path);
    spoken(path.rsplit('/').next().unwrap_or(path))
}

/// What a template gets as `site`.
#[derive(Serialize)]
struct SiteContext<'a> {
    title: &'a str,
    description: Option<&'a str>,
    language: &'a str,
    base_url: Option<&'a str>,
}

/// What a template gets as `page`.
#[derive(Serialize)]
struct PageContext<'a> {
    title: &'a str,
    description: Option<&'a str>,
    url: String,
    source: &'a str,
    has_title: bool,
    words: usize,
    contents: Vec<&'a Heading>,
}

/// What a template gets as `previous` and `next`.
#[derive(Serialize)]
struct Neighbour<'a> {
    title: &'a str,
    url: String,
}

fn write(
    config: &Config,
    source: &Source,
    theme: &Theme,
    pages: &[Page],
    output: &OutputArtifact,
) -> Result<(), Failure> {
    let site = Value::from(Serde(SiteContext {
        title: &config.title,
        description: config.description.as_deref(),
        language: &config.language,
        base_url: config.base_url.as_deref(),
    }));
    let tree = nav::tree(pages);
    let nav = Value::from(Serde(&tree));
    let order = nav::reading_order(&tree);
    let by_path: BTreeMap<&str, &Page> = pages
        .iter()
        .map(|page| (page.path.as_str(), page))
        .collect();
    for (at, path) in order.iter().enumerate() {
        step(at, order.len(), 50, 95, "writing")?;
        let Some(page) = by_path.get(path) else {
            continue;
        };
        let neighbour = |at: Option<usize>| {
            let page = by_path.get(order.get(at?)?)?;
            Some(Value::from(Serde(Neighbour {
                title: &page.title,
                url: encoded(&page.path),
            })))
        };
        let contents = page
            .headings
            .iter()
            .filter(|heading| matches!(heading.level, 2 | 3))
            .collect();
        let html = theme.render(
            &page.template,
            context! {
                site => site.clone(),
                nav => nav.clone(),
                root => page.root(),
                page => Serde(PageContext {
                    title: &page.title,
                    description: page.description.as_deref(),
                    url: encoded(&page.path),
                    source: &page.source,
                    has_title: page.has_title,
                    words: page.words,
                    contents,
                }),
                content => Value::from_safe_string(page.content.clone()),
                previous => neighbour(at.checked_sub(1)),
                next => neighbour(Some(at + 1)),
            },
        )?;
        output.write(&page.path, html)?;
    }
    let has_home = source.files.contains("index.html") || order.contains(&"index.html");
    if !has_home {
        let html = theme.render(
            "home.html",
            context! { site => site.clone(), nav => nav.clone(), root => "" },
        )?;
        output.write("index.html", html)?;
    }
    // It is served for any path, so only an absolute way leads from it to the root.
    let html = theme.render(
        "404.html",
        context! { site, nav, root => config.base_path() },
    )?;
    output.write("404.html", html)?;
    output.write("search-index.json", search::index(pages)?)?;
    for (name, content) in theme.assets() {
        output.write(format!("assets/{name}"), content)?;
    }
    match &config.base_url {
        Some(base_url) => output.write("sitemap.xml", sitemap::sitemap(base_url, pages))?,
        None => log::info!("no sitemap.xml is made: it needs `base-url`"),
    }
    for file in &source.files {
        let content =
            fs::read(source.root.join(file)).with_context(|| format!("reading `{file}`"))?;
        output.write(file, content)?;
    }
    Ok(())
}

/// Tells how far the work is, and ends it where nobody wants it any more.
fn step(at: usize, of: usize, from: usize, to: usize, doing: &str) -> Result<(), Failure> {
    match control::stop_requested() {
        None => {}
        Some(StopReason::Cancelled) => return Err(Failure::job_failed("cancelled")),
        Some(StopReason::HandOver) => {
            return Err(Failure::system_unavailable(
                "the worker shuts down before the site is built: retry the action",
            ));
        }
    }
    let percent = from + (to - from) * at / of.max(1);
    let percent = u8::try_from(percent).unwrap_or(100);
    control::progress(percent, format!("{doing} page {} of {of}", at + 1));
    Ok(())
}
