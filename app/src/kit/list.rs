//! Lists whose filter, order and place are in the address: what can be filtered by, and what one address asks for.

use tollgate_domain::Timestamp;
use tollgate_domain::page::Cursor;

use super::Query;

/// A way to filter.
#[derive(Clone, Debug)]
pub struct Filter {
    pub name: &'static str,
    pub label: &'static str,
    pub kind: FilterKind,
}

#[derive(Clone, Debug)]
pub enum FilterKind {
    /// The one search field of a page; `/` leads to it.
    Search { placeholder: &'static str },
    /// A text that is compared as a whole; the known ones are offered.
    Text { placeholder: &'static str, known: Vec<String> },
    /// A day, in UTC: `2026-11-22`. Anything else is no filter.
    Day,
    /// One of some: value and label. Anything else is no filter.
    Choice { any: &'static str, options: Vec<(String, String)> },
}

/// What a list can be filtered and sorted by.
#[derive(Clone, Debug)]
pub struct Filters {
    path: &'static str,
    fields: Vec<Filter>,
    sorts: &'static [&'static str],
    kept: Vec<(&'static str, &'static str)>,
}

impl Filters {
    /// `path` is the list's page.
    pub fn new(path: &'static str) -> Self {
        Self { path, fields: Vec::new(), sorts: &[], kept: Vec::new() }
    }

    fn add(mut self, name: &'static str, label: &'static str, kind: FilterKind) -> Self {
        self.fields.push(Filter { name, label, kind });
        self
    }

    pub fn search(self, name: &'static str, label: &'static str, placeholder: &'static str) -> Self {
        self.add(name, label, FilterKind::Search { placeholder })
    }

    pub fn text(self, name: &'static str, label: &'static str, placeholder: &'static str) -> Self {
        self.add(name, label, FilterKind::Text { placeholder, known: Vec::new() })
    }

    /// Read with [`parse_day`].
    pub fn day(self, name: &'static str, label: &'static str) -> Self {
        self.add(name, label, FilterKind::Day)
    }

    /// `any` is what the choice says while nothing is chosen.
    pub fn choice<V: Into<String>, L: Into<String>>(
        self,
        name: &'static str,
        label: &'static str,
        any: &'static str,
        options: impl IntoIterator<Item = (V, L)>,
    ) -> Self {
        let options = options.into_iter().map(|(value, label)| (value.into(), label.into())).collect();
        self.add(name, label, FilterKind::Choice { any, options })
    }

    /// The columns that it can be sorted by.
    pub fn sorts(self, sorts: &'static [&'static str]) -> Self {
        Self { sorts, ..self }
    }

    /// A switch that is no filter and survives filtering: `name=value`, or nothing.
    pub fn keep(mut self, name: &'static str, value: &'static str) -> Self {
        self.kept.push((name, value));
        self
    }

    /// What this address asks for. Values that mean nothing are left out, as if they were not there.
    pub fn read(self, address: &Query) -> ListQuery {
        let mut values = Vec::new();
        for filter in &self.fields {
            let Some(value) = address.get(filter.name) else { continue };
            let known = match &filter.kind {
                FilterKind::Choice { options, .. } => options.iter().any(|(option, _)| *option == value),
                FilterKind::Day => parse_day(&value).is_some(),
                FilterKind::Search { .. } | FilterKind::Text { .. } => true,
            };
            if known {
                values.push((filter.name, value));
            }
        }
        let kept = self.kept.iter().filter(|(name, value)| address.get(name).as_deref() == Some(value));
        let kept = kept.map(|&(name, value)| (name, value.to_owned())).collect();
        let sort = address.get("sort").filter(|sort| self.sorts.contains(&sort.trim_start_matches('-')));
        ListQuery { filters: self, values, kept, sort, after: address.get("after"), shown: Vec::new() }
    }
}

/// The beginning of a day in UTC that is written as `2026-11-22`.
pub fn parse_day(text: &str) -> Option<Timestamp> {
    (text.len() == 10).then(|| Timestamp::parse_rfc3339(&format!("{text}T00:00:00Z"))).flatten()
}

/// What one address of a list asks for.
#[derive(Clone, Debug)]
pub struct ListQuery {
    filters: Filters,
    values: Vec<(&'static str, String)>,
    kept: Vec<(&'static str, String)>,
    sort: Option<String>,
    after: Option<String>,
    /// How values are told in chips, where not as they are.
    shown: Vec<(&'static str, String)>,
}

impl ListQuery {
    /// The value that is filtered by.
    pub fn get(&self, name: &str) -> Option<String> {
        self.values.iter().find(|(n, _)| *n == name).map(|(_, value)| value.clone())
    }

    /// Whether a switch is on.
    pub fn is_kept(&self, name: &str) -> bool {
        self.kept.iter().any(|(n, _)| *n == name)
    }

    /// Where the page begins.
    pub fn after(&self) -> Option<Cursor> {
        self.after.as_deref().and_then(Cursor::decode)
    }

    pub fn is_first_page(&self) -> bool {
        self.after.is_none()
    }

    /// The column that it is sorted by, and whether downwards.
    pub fn sort(&self) -> Option<(&str, bool)> {
        let sort = self.sort.as_deref()?;
        Some(sort.strip_prefix('-').map_or((sort, false), |column| (column, true)))
    }

    pub fn filters(&self) -> &[Filter] {
        &self.filters.fields
    }

    pub fn path(&self) -> &'static str {
        self.filters.path
    }

    pub fn is_filtered(&self) -> bool {
        !self.values.is_empty()
    }

    /// Everything that the address says.
    pub fn to_query(&self) -> Query {
        let pairs = self.values.iter().chain(&self.kept).map(|(name, value)| (*name, Some(value)));
        let rest = [("sort", self.sort.as_ref()), ("after", self.after.as_ref())];
        pairs.chain(rest).fold(Query::default(), |query, (name, value)| query.with(name, value.map(String::as_str)))
    }

    pub fn href(&self) -> String {
        self.to_query().href(self.path())
    }

    /// The first page of the same.
    pub fn first(&self) -> Self {
        Self { after: None, ..self.clone() }
    }

    /// The page that begins behind `cursor`.
    pub fn from(&self, cursor: String) -> Self {
        Self { after: Some(cursor), ..self.clone() }
    }

    /// The first page without this filter.
    pub fn without(&self, name: &str) -> Self {
        let mut other = self.first();
        other.values.retain(|(n, _)| *n != name);
        other
    }

    /// The first page with a switch turned over.
    pub fn toggled(&self, name: &'static str) -> Self {
        let mut other = self.first();
        if other.is_kept(name) {
            other.kept.retain(|(n, _)| *n != name);
        } else if let Some(&(name, value)) = self.filters.kept.iter().find(|(n, _)| *n == name) {
            other.kept.push((name, value.to_owned()));
        }
        other
    }

    /// The first page, sorted by this column: downwards at first, the other way where it is so already.
    pub fn sorted_by(&self, column: &str) -> Self {
        let sort = if self.sort() == Some((column, true)) { column.to_owned() } else { format!("-{column}") };
        Self { sort: Some(sort), ..self.first() }
    }

    /// What a form of filters has to carry besides its own fields.
    pub fn carried(&self) -> Vec<(&'static str, String)> {
        let sort = self.sort.clone().map(|sort| ("sort", sort));
        self.kept.iter().cloned().chain(sort).collect()
    }

    /// Offers known values at a text.
    pub fn offer(mut self, name: &str, values: Vec<String>) -> Self {
        for filter in &mut self.filters.fields {
            if let (true, FilterKind::Text { known, .. }) = (filter.name == name, &mut filter.kind) {
                known.clone_from(&values);
            }
        }
        self
    }

    /// Tells a value in other words: a key's alias in place of its id.
    pub fn show(mut self, name: &'static str, text: Option<String>) -> Self {
        self.shown.extend(text.map(|text| (name, text)));
        self
    }

    /// What is filtered by: the filter's label, its value in words, and the address without it.
    pub fn chips(&self) -> Vec<(&'static str, String, String)> {
        let chip = |filter: &Filter| {
            let value = self.get(filter.name)?;
            let shown = self.shown.iter().find(|(name, _)| *name == filter.name).map(|(_, text)| text.clone());
            let text = shown.unwrap_or_else(|| match &filter.kind {
                FilterKind::Choice { options, .. } => {
                    options.iter().find(|(option, _)| *option == value).map_or(value, |(_, label)| label.clone())
                }
                FilterKind::Search { .. } | FilterKind::Text { .. } | FilterKind::Day => value,
            });
            Some((filter.label, text, self.without(filter.name).href()))
        };
        self.filters().iter().filter_map(chip).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filters() -> Filters {
        Filters::new("/ui/things")
            .search("q", "Search", "Name")
            .choice("status", "Status", "Any", [("on", "Switched on"), ("off", "Switched off")])
            .text("model", "Model", "Model")
            .day("since", "From")
            .sorts(&["spend"])
            .keep("live", "off")
    }

    fn read(address: &str) -> ListQuery {
        filters().read(&Query::parse(address))
    }

    #[test]
    fn an_address_comes_back_as_it_was() {
        let href = "/ui/things?q=50%25%20off&status=on&model=a%2Fb&live=off&sort=-spend&after=12_ab";
        let list = read(href.split_once('?').unwrap().1);
        assert_eq!(list.href(), href);
        assert_eq!(list.first().href(), href.replace("&after=12_ab", ""));
        assert_eq!(list.after(), Some(Cursor { at: 12, id: "ab".to_owned() }));
        assert_eq!(read("").href(), "/ui/things");
    }

    #[test]
    fn nonsense_is_no_filter() {
        let list = read("status=gone&model=&since=2026-02-30&live=on&sort=colour&colour=red&notice=blocked");
        assert_eq!(list.href(), "/ui/things");
        assert!(!list.is_filtered() && list.chips().is_empty() && list.sort().is_none());
        assert!(!read("after=1_a&live=off&sort=spend").is_filtered());
    }

    #[test]
    fn each_chip_takes_its_own_condition_away_and_starts_at_the_first_page() {
        let list = read("q=x&status=on&model=m&after=1_a").show("model", Some("The model".to_owned()));
        let chips = list.chips();
        let told: Vec<_> = chips.iter().map(|(name, text, _)| format!("{name}: {text}")).collect();
        assert_eq!(told, ["Search: x", "Status: Switched on", "Model: The model"]);
        assert_eq!(chips[1].2, "/ui/things?q=x&model=m");
    }

    #[test]
    fn a_day_is_one_that_there_is() {
        assert_eq!(parse_day("2026-11-22"), Timestamp::parse_rfc3339("2026-11-22T00:00:00Z"));
        assert_eq!(read("since=2026-11-22").href(), "/ui/things?since=2026-11-22");
        for text in ["", "2026-02-30", "2026-1-1", "2026-11-22T00:00:00Z", "tomorrow"] {
            assert_eq!(parse_day(text), None, "{text}");
        }
    }

    #[test]
    fn a_column_sorts_down_and_then_up() {
        let list = read("q=x&after=1_a").sorted_by("spend");
        assert_eq!(list.href(), "/ui/things?q=x&sort=-spend");
        assert_eq!(list.sorted_by("spend").sort(), Some(("spend", false)));
        assert_eq!(list.carried(), [("sort", "-spend".to_owned())]);
    }

    #[test]
    fn a_switch_goes_on_and_off() {
        let off = read("q=x&after=1_a").toggled("live");
        assert_eq!((off.href().as_str(), off.is_kept("live")), ("/ui/things?q=x&live=off", true));
        assert_eq!(off.toggled("live").href(), "/ui/things?q=x");
    }
}
