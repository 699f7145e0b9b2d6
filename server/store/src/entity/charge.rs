//! `charges`

#![expect(clippy::struct_field_names, reason = "they are the columns' names")]

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "charges")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// `None`: the id.
    pub call_id: Option<String>,
    pub attempt: i64,
    pub started_at: i64,
    pub key_id: String,
    pub ownership_id: i64,
    pub operation: String,
    pub model: String,
    pub deployment_id: String,
    pub provider: String,
    pub upstream_model: String,
    pub streamed: bool,
    pub outcome: String,
    pub status: i16,
    pub error: Option<String>,
    pub certainty: String,
    pub input_tokens: i64,
    pub cache_read_tokens: i64,
    pub cache_write_tokens: i64,
    pub cache_write_1h_tokens: i64,
    pub audio_input_tokens: i64,
    pub image_input_tokens: i64,
    pub output_tokens: i64,
    pub reasoning_tokens: i64,
    pub audio_output_tokens: i64,
    pub image_output_tokens: i64,
    /// Counts beside the tokens: `output_images:2 web_searches:1`.
    pub units: Option<String>,
    pub cost_nanos: i64,
    /// 0: nothing, or it is not known.
    pub reserved_nanos: i64,
    pub cost_lines: Option<String>,
    pub price_source: Option<String>,
    pub duration_us: i64,
    pub latency_bucket: i16,
    pub first_byte_us: Option<i64>,
    pub client_left: bool,
    pub upstream_id: Option<String>,
    pub end_user: Option<String>,
    pub tags: Option<String>,
    pub instead_of: Option<String>,
    pub adjusts: Option<String>,
    pub run_id: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
