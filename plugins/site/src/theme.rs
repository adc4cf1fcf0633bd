//! The built-in theme, and the input's `_templates/` over it.

use std::collections::BTreeMap;
use std::fs;

use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, Value, escape_formatter};
use pipefitter_sdk::{Context, Failure, log};

use crate::source::Source;

/// Templates: rendered for pages, or included by those.
const TEMPLATES: [(&str, &str); 4] = [
    ("base.html", include_str!("../theme/base.html")),
    ("page.html", include_str!("../theme/page.html")),
    ("home.html", include_str!("../theme/home.html")),
    ("404.html", include_str!("../theme/404.html")),
];

/// Files that every page loads, by their names in `_templates/`; the site has them in `assets/`.
const ASSETS: [(&str, &str); 3] = [
    ("style.css", include_str!("../theme/style.css")),
    ("site.js", include_str!("../theme/site.js")),
    ("icon.svg", include_str!("../theme/icon.svg")),
];

/// The theme that a site is rendered with.
pub(crate) struct Theme {
    environment: Environment<'static>,
    assets: BTreeMap<String, Vec<u8>>,
}

impl Theme {
    /// The built-in theme with the source's files in the place of its own.
    pub(crate) fn load(source: &Source) -> Result<Self, Failure> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|name| {
            if name.ends_with(".html") {
                AutoEscape::Html
            } else {
                AutoEscape::None
            }
        });
        environment.set_formatter(|out, state, value| match value.as_str() {
            Some(text) if *state.auto_escape() == AutoEscape::Html && !value.is_safe() => {
                Ok(out.write_str(&escaped(text))?)
            }
            _ => escape_formatter(out, state, value),
        });
        let mut texts: BTreeMap<String, String> = TEMPLATES
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .into();
        let mut assets: BTreeMap<String, Vec<u8>> = ASSETS
            .map(|(name, text)| (name.to_owned(), text.as_bytes().to_owned()))
            .into();
        for name in &source.templates {
            let path = source.root.join("_templates").join(name);
            let reading = || format!("reading `_templates/{name}`");
            if name.ends_with(".html") {
                texts.insert(
                    name.clone(),
                    fs::read_to_string(path).with_context(reading)?,
                );
            } else if assets.contains_key(name) {
                assets.insert(name.clone(), fs::read(path).with_context(reading)?);
            } else {
                log::warn!(
                    "_templates/{name} is not used: it is no template (*.html) and the theme has no \
                     such file; static files belong outside _templates"
                );
            }
        }
        for (name, text) in texts {
            environment
                .add_template_owned(name.clone(), text)
                .map_err(|error| told(&error, &name))?;
        }
        Ok(Self {
            environment,
            assets,
        })
    }

    /// Renders a template.
    pub(crate) fn render(&self, name: &str, context: Value) -> Result<String, Failure> {
        let template = self
            .environment
            .get_template(name)
            .map_err(|error| told(&error, name))?;
        template.render(context).map_err(|error| told(&error, name))
    }

    /// Whether there is such a template.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.environment.get_template(name).is_ok()
    }

    /// The files for `assets/`.
    pub(crate) fn assets(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.assets
            .iter()
            .map(|(name, content)| (name.as_str(), content.as_slice()))
    }
}

/// The engine's own escaping takes `/` too, which makes every address unreadable.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// What is wrong with a template, and where.
fn told(error: &minijinja::Error, asked: &str) -> Failure {
    let name = error.name().unwrap_or(asked);
    let place = error
        .line()
        .map_or_else(String::new, |line| format!(":{line}"));
    let what = match error.kind() {
        ErrorKind::TemplateNotFound => {
            return Failure::job_failed(format!(
                "there is no template `{asked}`: put it at `_templates/{asked}` ({error})"
            ));
        }
        kind => error
            .detail()
            .map_or_else(|| kind.to_string(), |detail| format!("{kind}: {detail}")),
    };
    let mut message = format!("_templates/{name}{place}: {what}");
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        message.push_str(&format!(": {inner}"));
        source = inner.source();
    }
    Failure::job_failed(message)
}
