//! A WIT package as a list of items, each with its text: two packages can be held against each other item by item.

use std::collections::BTreeMap;
use std::path::Path;

use wit_parser::{Handle, Resolve, Type, TypeDefKind, UnresolvedPackageGroup, WorldItem, WorldKey};

/// A package.
pub(crate) struct Contract {
    /// Its version.
    pub(crate) version: String,
    items: BTreeMap<String, String>,
}

impl Contract {
    pub(crate) fn of_folder(folder: &Path) -> Contract {
        Contract::of_group(UnresolvedPackageGroup::parse_dir(folder).unwrap())
    }

    pub(crate) fn of_text(text: &str) -> Contract {
        let group = UnresolvedPackageGroup::parse("contract.wit", text);
        Contract::of_group(group.map_err(|(_, error)| error).unwrap())
    }

    fn of_group(group: UnresolvedPackageGroup) -> Contract {
        let mut resolve = Resolve::default();
        let id = resolve.push_group(group).unwrap();
        let package = &resolve.packages[id];
        let mut items = BTreeMap::new();
        for (name, interface) in &package.interfaces {
            let interface = &resolve.interfaces[*interface];
            items.insert(format!("interface {name}"), String::new());
            for (own, ty) in &interface.types {
                let text = kind(&resolve, &resolve.types[*ty].kind);
                items.insert(format!("interface {name} type {own}"), text);
            }
            for (own, function) in &interface.functions {
                let params = function.params.iter();
                let params = params.map(|one| format!("{}: {}", one.name, ty(&resolve, &one.ty)));
                let result = function.result.as_ref();
                let text = format!(
                    "{}({}) -> {}",
                    if function.kind.is_async() {
                        "async func"
                    } else {
                        "func"
                    },
                    params.collect::<Vec<_>>().join(", "),
                    result.map_or_else(|| "()".to_owned(), |one| ty(&resolve, one))
                );
                items.insert(format!("interface {name} func {own}"), text);
            }
        }
        for (name, world) in &package.worlds {
            let world = &resolve.worlds[*world];
            items.insert(format!("world {name}"), String::new());
            for (way, list) in [("import", &world.imports), ("export", &world.exports)] {
                for (key, item) in list {
                    items.insert(
                        format!("world {name} {way} {}", key_of(&resolve, key)),
                        what(item).to_owned(),
                    );
                }
            }
        }
        Contract {
            version: package.name.version.as_ref().unwrap().to_string(),
            items,
        }
    }

    pub(crate) fn items(&self) -> impl Iterator<Item = (&String, &String)> {
        self.items.iter()
    }

    pub(crate) fn item(&self, name: &str) -> Option<&String> {
        self.items.get(name)
    }

    pub(crate) fn has_interface(&self, name: &str) -> bool {
        self.items.contains_key(&format!("interface {name}"))
    }

    pub(crate) fn has_world(&self, name: &str) -> bool {
        self.items.contains_key(&format!("world {name}"))
    }
}

fn key_of(resolve: &Resolve, key: &WorldKey) -> String {
    match key {
        WorldKey::Name(name) => name.clone(),
        WorldKey::Interface(id) => resolve.interfaces[*id].name.clone().unwrap_or_default(),
    }
}

fn what(item: &WorldItem) -> &'static str {
    match item {
        WorldItem::Interface { .. } => "interface",
        WorldItem::Function(_) => "function",
        WorldItem::Type { .. } => "type",
    }
}

/// A type by its name, or, where it has none, by what it is.
fn ty(resolve: &Resolve, one: &Type) -> String {
    let Type::Id(id) = one else {
        return format!("{one:?}").to_lowercase();
    };
    let def = &resolve.types[*id];
    def.name.clone().unwrap_or_else(|| kind(resolve, &def.kind))
}

fn kind(resolve: &Resolve, kind: &TypeDefKind) -> String {
    let ty = |one: &Type| ty(resolve, one);
    let maybe = |one: &Option<Type>| one.as_ref().map_or_else(|| "_".to_owned(), ty);
    let braced = |word: &str, parts: Vec<String>| format!("{word} {{ {} }}", parts.join(", "));
    match kind {
        TypeDefKind::Record(record) => {
            let fields = record.fields.iter();
            let fields = fields.map(|field| format!("{}: {}", field.name, ty(&field.ty)));
            braced("record", fields.collect())
        }
        TypeDefKind::Variant(variant) => {
            let cases = variant.cases.iter();
            let cases = cases.map(|case| format!("{}({})", case.name, maybe(&case.ty)));
            braced("variant", cases.collect())
        }
        TypeDefKind::Enum(one) => braced(
            "enum",
            one.cases.iter().map(|case| case.name.clone()).collect(),
        ),
        TypeDefKind::Flags(flags) => braced(
            "flags",
            flags.flags.iter().map(|flag| flag.name.clone()).collect(),
        ),
        TypeDefKind::Tuple(tuple) => {
            format!(
                "tuple<{}>",
                tuple.types.iter().map(ty).collect::<Vec<_>>().join(", ")
            )
        }
        TypeDefKind::Option(one) => format!("option<{}>", ty(one)),
        TypeDefKind::List(one) => format!("list<{}>", ty(one)),
        TypeDefKind::Result(result) => {
            format!("result<{}, {}>", maybe(&result.ok), maybe(&result.err))
        }
        TypeDefKind::Type(one) => format!("type {}", ty(one)),
        TypeDefKind::Resource => "resource".to_owned(),
        TypeDefKind::Handle(Handle::Own(id) | Handle::Borrow(id)) => {
            let name = resolve.types[*id].name.clone();
            format!("{} {}", kind.as_str(), name.unwrap_or_default())
        }
        other => panic!(
            "the contract has no {} so far: say here what one is",
            other.as_str()
        ),
    }
}
