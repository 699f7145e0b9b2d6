//! What dimensions are called.

use tollgate_domain::report::Dimension;

/// The words about one dimension.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    /// In the filter.
    pub by: &'static str,
    /// The head of the column.
    pub head: &'static str,
    /// The title of the plot.
    pub spend: &'static str,
    /// What a line is called whose calls have none.
    pub none: &'static str,
    /// Why there are calls and no line.
    pub nothing: &'static str,
}

pub fn words(by: Dimension) -> Words {
    let plain = |by, head, spend, none| Words { by, head, spend, none, nothing: "No call matches." };
    match by {
        Dimension::Day => plain("By day", "Day", "Spend by day", ""),
        Dimension::Key => plain("By key", "Key", "Spend by key", "Refused without a key"),
        Dimension::User => plain("By user", "User", "Spend by user", "No user"),
        Dimension::Team => plain("By team", "Team", "Spend by team", "No team"),
        Dimension::Organisation => plain("By organisation", "Organisation", "Spend by organisation", "No organisation"),
        Dimension::Model => plain("By model", "Model", "Spend by model", "Refused before a model was known"),
        Dimension::Provider => plain("By provider", "Provider", "Spend by provider", "Refused: no provider was asked"),
        Dimension::Customer => Words {
            nothing: "Customers are what applications name as `user` in their calls.",
            ..plain("By customer", "Customer", "Spend by customer", "No customer")
        },
        Dimension::Tag => Words {
            nothing: "Tags are given to teams and keys, or named by the calls themselves.",
            ..plain("By tag", "Tag", "Spend by tag", "No tag")
        },
    }
}
