//! `sitemap.xml`, as sitemaps.org describes it.

use crate::links::encoded;
use crate::page::Page;

/// The map of all pages below `base_url`, which ends with `/`.
pub(crate) fn sitemap(base_url: &str, pages: &[Page]) -> String {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n",
    );
    for page in pages {
        let path = encoded(&page.path);
        // The address that a host serves a directory's page at.
        let path = match path.as_str() {
            "index.html" => "",
            path => path
                .strip_suffix("/index.html")
                .map_or(path, |dir| &path[..=dir.len()]),
        };
        xml.push_str(&format!(
            "  <url><loc>{}</loc></url>\n",
            escaped(&format!("{base_url}{path}"))
        ));
    }
    xml.push_str("</urlset>\n");
    xml
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('\'', "&apos;")
}
