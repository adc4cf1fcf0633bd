//! What an operator and a plugin's author do: plugins that come and go, the command line, languages.

mod cli;
mod languages;
mod live;
mod scaffold;
