//! `pipefitter plugin keygen`: a pair of keys in minisign's format.

use std::path::Path;

use anyhow::Result;
use pipefitter_plugins::SigningKey;

use super::password;
use crate::args::KeygenArgs;
use crate::exit::Exit;
use crate::print;

pub(crate) fn main(args: &KeygenArgs) -> Result<Exit> {
    let public = match &args.public {
        Some(public) => public.clone(),
        None => args.key.with_extension("pub"),
    };
    let password = match &args.password_file {
        _ if args.no_password => None,
        Some(file) => Some(password::from_file(file)?),
        None => Some(password::made_up(&args.key)?),
    };
    let trusted = SigningKey::generate(&args.key, &public, password.as_deref())?;
    print::line(format_args!(
        "Made {} ({}) and {}, key {}.\n\n\
         To serve only what it signed, put at the top of pipefitter.toml:\n\
         require-signature = true\n\
         trusted-keys = [\"{trusted}\"]",
        args.key.display(),
        protection(&args.key, args.no_password),
        public.display(),
        trusted.id(),
    ))?;
    Ok(Exit::Success)
}

fn protection(key: &Path, no_password: bool) -> String {
    if no_password {
        format!(
            "secret, and not encrypted: whoever reads {} can sign",
            key.display()
        )
    } else {
        "secret, encrypted with the password".to_owned()
    }
}
