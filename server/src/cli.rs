//! The command line. `tollgate serve …`, and LiteLLM's form without a subcommand: `tollgate --model gpt-4o --port 4000`.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

#[derive(Debug, Parser)]
#[command(name = "tollgate", version, about, args_conflicts_with_subcommands = true, max_term_width = 100)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub serve: ServeArguments,
    /// How the log on standard error is written.
    #[arg(long, env = "TOLLGATE_LOG_FORMAT", value_enum, default_value_t, global = true)]
    log_format: LogFormat,
}

impl Arguments {
    pub fn log_format(&self) -> LogFormat {
        self.log_format
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serves the gateway and the dashboard (also without a subcommand).
    Serve(ServeArguments),
    /// Brings the database's schema up to this program's.
    Migrate(DatabaseArguments),
    /// Looks at the configuration file.
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Looks at the audit log.
    Audit {
        #[command(subcommand)]
        command: AuditCommand,
    },
    /// Looks at the ledger.
    Ledger {
        #[command(subcommand)]
        command: LedgerCommand,
    },
    /// Writes what was spent, to standard output or a file.
    Export {
        #[command(subcommand)]
        command: Box<ExportCommand>,
    },
    /// Makes, lists, blocks and deletes virtual keys, straight in the database.
    Key {
        #[command(subcommand)]
        command: KeyCommand,
    },
    /// Makes, lists and changes users, straight in the database: the way back in when nobody can sign in.
    User {
        #[command(subcommand)]
        command: UserCommand,
    },
    /// Secrets that are kept in the database.
    Secrets {
        #[command(subcommand)]
        command: SecretsCommand,
    },
    /// Tells what the configuration's rules of single sign-on would do to whom, at the next sign-in: run it with a new
    /// configuration before it is used.
    SsoPreview(DatabaseArguments),
    /// Looks for what keeps this gateway from working well, and says what to do.
    Doctor(DatabaseArguments),
}

#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Makes a key and prints it, once.
    Create {
        /// What people call it.
        #[arg(long)]
        alias: Option<String>,
        /// What it may call: a model or a pattern with one `*`. Give it again for more; without, every model.
        #[arg(long = "model")]
        models: Vec<String>,
        /// The person whose key it is.
        #[arg(long)]
        user: Option<String>,
        /// The team whose key it is.
        #[arg(long)]
        team: Option<String>,
        /// When it ends: `30d`, `12h`; without, never.
        #[arg(long)]
        duration: Option<String>,
        #[command(flatten)]
        database: DatabaseArguments,
    },
    /// Lists keys, newest first.
    List {
        /// Part of the alias, or a whole id, user or team.
        #[arg(long)]
        search: Option<String>,
        #[command(flatten)]
        database: DatabaseArguments,
    },
    /// Blocks a key, named by its id, its alias or itself.
    Block {
        key: String,
        #[command(flatten)]
        database: DatabaseArguments,
    },
    /// Lets a blocked key work again.
    Unblock {
        key: String,
        #[command(flatten)]
        database: DatabaseArguments,
    },
    /// Deletes a key. It keeps its history and never works again.
    Delete {
        key: String,
        #[command(flatten)]
        database: DatabaseArguments,
    },
    /// Gives a key a new text and prints it, once.
    Rotate {
        key: String,
        /// How long the old text goes on working: `24h`.
        #[arg(long, default_value = "0s")]
        grace: String,
        #[command(flatten)]
        database: DatabaseArguments,
    },
}

#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Makes a user. With `--password-stdin`, one who can sign in with a password, read from standard input.
    Create {
        email: String,
        #[arg(long)]
        name: Option<String>,
        /// `admin`, `auditor`, `member` or `viewer`.
        #[arg(long, default_value = "member")]
        role: String,
        #[arg(long)]
        password_stdin: bool,
        #[command(flatten)]
        database: DatabaseArguments,
    },
    /// Lists users.
    List {
        #[arg(long)]
        search: Option<String>,
        #[command(flatten)]
        database: DatabaseArguments,
    },
    /// Sets a user's password, read from standard input.
    SetPassword {
        /// Address or id.
        user: String,
        #[command(flatten)]
        database: DatabaseArguments,
    },
    /// Makes a user something else: `admin`, `auditor`, `member` or `viewer`.
    SetRole {
        /// Address or id.
        user: String,
        role: String,
        #[command(flatten)]
        database: DatabaseArguments,
    },
    /// Keeps a user out, with all personal keys.
    Disable {
        /// Address or id.
        user: String,
        #[command(flatten)]
        database: DatabaseArguments,
    },
    /// Lets a disabled user in again.
    Enable {
        /// Address or id.
        user: String,
        #[command(flatten)]
        database: DatabaseArguments,
    },
}

#[derive(Debug, Subcommand)]
pub enum SecretsCommand {
    /// Encrypts every secret anew with the current `TOLLGATE_SALT_KEY`. The one before it is read from
    /// `TOLLGATE_SALT_KEY_PREVIOUS`. Can be stopped at any time and started again.
    Reencrypt(DatabaseArguments),
}

#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Reports mistakes, unknown keys, and keys that are not acted on yet. Fails if there are mistakes.
    Check {
        /// The configuration file.
        #[arg(short, long, env = "TOLLGATE_CONFIG", default_value = "config.yaml")]
        config: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Checks the chain of hashes from the first line to the last.
    Verify(DatabaseArguments),
    /// Writes the log, oldest first, to standard output or a file.
    Export {
        /// `key.create`, or `key.*`.
        #[arg(long)]
        action: Option<String>,
        #[command(flatten)]
        file: FileArguments,
        #[command(flatten)]
        database: DatabaseArguments,
    },
}

#[derive(Debug, Subcommand)]
pub enum LedgerCommand {
    /// Adds up every charge and refusal anew, and compares that with all sums that are kept. Fails if they disagree. What
    /// still waits in the journal is in neither.
    Verify(DatabaseArguments),
    /// Prices charges anew after a price was corrected: tells what would change, or writes an adjusting entry for each
    /// charge that does not cost what it should. Doing it twice changes nothing.
    Reprice(Box<RepriceArguments>),
    /// Takes a provider's usage or cost export in (CSV; the same file once), and compares it with the ledger.
    Reconcile(Box<ReconcileArguments>),
    /// Tries a limit on the calls on record: who would have been refused, and what that would have saved. Changes
    /// nothing.
    Replay {
        /// `gateway`, `organisation:ID`, `team:ID`, `membership:ID`, `user:ID`, `key:ID`, `customer:ID`, `tag:ID`,
        /// `provider:ID` or `deployment:ID`.
        #[arg(long)]
        account: String,
        #[command(flatten)]
        limits: Box<LimitArguments>,
        /// From this moment on, without it for 30 days: `2026-11-01T00:00:00Z`.
        #[arg(long)]
        since: Option<String>,
        /// Before this moment; without it, until now.
        #[arg(long)]
        until: Option<String>,
        #[command(flatten)]
        database: DatabaseArguments,
    },
}

#[derive(Clone, Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["dry_run", "apply", "go_on"]))]
pub struct RepriceArguments {
    /// Tells what would change, and changes nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Writes adjusting entries.
    #[arg(long)]
    pub apply: bool,
    /// Goes on with a run that was interrupted.
    #[arg(long = "continue", value_name = "RUN")]
    pub go_on: Option<String>,
    /// The price that should have been, of the model or deployment that is named: `input=2.5`, `output@batch=5`,
    /// `input>200000=5`, in dollars for a million tokens. Without, what the configuration and the price book say now.
    #[arg(long, value_name = "METER=USD")]
    pub price: Vec<String>,
    /// `success` or `failed`.
    #[arg(long)]
    pub status: Option<String>,
    /// A deployment's id.
    #[arg(long)]
    pub deployment: Option<String>,
    #[command(flatten)]
    pub of: SpendArguments,
    /// From this moment on: `2026-11-01T00:00:00Z`.
    #[arg(long)]
    pub since: Option<String>,
    /// Before this moment.
    #[arg(long)]
    pub until: Option<String>,
    #[command(flatten)]
    pub database: DatabaseArguments,
}

#[derive(Clone, Debug, Args)]
pub struct ReconcileArguments {
    pub file: PathBuf,
    /// Whose charges it is compared with, as the configuration names it.
    #[arg(long)]
    pub provider: String,
    /// `openai-usage`, `openai-cost`, `anthropic-usage`, `anthropic-cost` or `generic`; without, known by its columns.
    #[arg(long)]
    pub format: Option<String>,
    /// Columns of one's own: `date=Day,model=Model,cost=Amount`.
    #[arg(long)]
    pub columns: Option<String>,
    /// Where its days begin, in minutes east of UTC.
    #[arg(long, default_value_t = 0, allow_hyphen_values = true)]
    pub zone_minutes: i32,
    /// Its currency, and what one unit of it is in dollars: `EUR=1.08`.
    #[arg(long)]
    pub rate: Option<String>,
    /// Which deployment calls with a credential of the file: `KEY=DEPLOYMENT`. More than one may be given.
    #[arg(long, value_name = "KEY=DEPLOYMENT")]
    pub credential: Vec<String>,
    /// The difference of a group that is tolerated, in dollars.
    #[arg(long, default_value = "0.01")]
    pub tolerance: String,
    /// The same in hundredths of a per cent.
    #[arg(long, default_value_t = 50)]
    pub tolerance_points: i64,
    #[command(flatten)]
    pub database: DatabaseArguments,
}

/// A limit to try.
#[derive(Clone, Debug, Args)]
pub struct LimitArguments {
    /// Dollars.
    #[arg(long)]
    pub max_budget: Option<String>,
    /// How long the budget lasts before it begins anew: `24h`, `7d`, `30d`, `1mo`; without it, for good.
    #[arg(long)]
    pub duration: Option<String>,
    /// Requests a minute.
    #[arg(long)]
    pub rpm: Option<i64>,
    /// Tokens a minute.
    #[arg(long)]
    pub tpm: Option<i64>,
    /// Requests a day.
    #[arg(long)]
    pub rpd: Option<i64>,
    /// Tokens a day.
    #[arg(long)]
    pub tpd: Option<i64>,
    /// Calls at once.
    #[arg(long)]
    pub parallel: Option<i64>,
}

#[derive(Debug, Subcommand)]
pub enum ExportCommand {
    /// Writes the ledger, oldest first: a row for each attempt at a provider.
    Charges {
        /// `success` or `failed`.
        #[arg(long)]
        status: Option<String>,
        /// A deployment's id.
        #[arg(long)]
        deployment: Option<String>,
        #[command(flatten)]
        of: SpendArguments,
        #[command(flatten)]
        file: FileArguments,
        #[command(flatten)]
        database: DatabaseArguments,
    },
    /// Writes sums of what was used, for chargeback: of the last 30 days, unless it is said otherwise.
    Usage {
        /// What to tell sums apart by: up to four of `day`, `key`, `user`, `team`, `organisation`, `model`, `provider`,
        /// `customer`, `tag`, with commas between them.
        #[arg(long, default_value = "")]
        by: String,
        /// With the columns of FOCUS, the `FinOps` open cost and usage specification; `--by` is then who pays.
        #[arg(long)]
        focus: bool,
        #[command(flatten)]
        of: SpendArguments,
        #[command(flatten)]
        file: FileArguments,
        #[command(flatten)]
        database: DatabaseArguments,
    },
}

/// Whose spend, and of what.
#[derive(Clone, Debug, Args)]
pub struct SpendArguments {
    /// A key's id, or `master_key`.
    #[arg(long)]
    pub key: Option<String>,
    #[arg(long)]
    pub user: Option<String>,
    #[arg(long)]
    pub team: Option<String>,
    #[arg(long)]
    pub organisation: Option<String>,
    #[arg(long)]
    pub customer: Option<String>,
    #[arg(long)]
    pub tag: Option<String>,
    #[arg(long)]
    pub model: Option<String>,
    #[arg(long)]
    pub provider: Option<String>,
}

/// Where an export goes, and of what time.
#[derive(Clone, Debug, Args)]
pub struct FileArguments {
    /// `csv` or `jsonl`.
    #[arg(long, default_value = "csv")]
    pub format: String,
    /// A file that does not exist yet; without, standard output.
    #[arg(short, long)]
    pub output: Option<PathBuf>,
    /// From this moment on: `2026-11-01T00:00:00Z`.
    #[arg(long)]
    pub since: Option<String>,
    /// Before this moment.
    #[arg(long)]
    pub until: Option<String>,
}

#[derive(Clone, Debug, Args)]
pub struct DatabaseArguments {
    /// `sqlite://PATH` or `postgres://…`; otherwise the configuration's, then a file in the data folder.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// Where the SQLite database and the journal are kept.
    #[arg(long, env = "TOLLGATE_DATA_DIR", default_value = "./data")]
    pub data_dir: PathBuf,
    /// The configuration file.
    #[arg(short, long, env = "TOLLGATE_CONFIG")]
    pub config: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub struct ServeArguments {
    #[command(flatten)]
    pub database: DatabaseArguments,
    /// The address to listen on.
    #[arg(long, env = "HOST", default_value = "127.0.0.1")]
    pub host: IpAddr,
    #[arg(long, env = "PORT", default_value_t = 4000)]
    pub port: u16,
    /// Serves one model without a configuration file: `gpt-4o`, `groq/llama-3.3-70b-versatile`.
    #[arg(long)]
    pub model: Option<String>,
    /// The base address for `--model`, if not the provider's own.
    #[arg(long, alias = "api_base", requires = "model")]
    pub api_base: Option<String>,
    /// As in LiteLLM: drop parameters that the model does not take.
    #[arg(long, alias = "drop_params")]
    pub drop_params: bool,
    /// As in LiteLLM. One process serves with a thread on each core; this sets how many.
    #[arg(long, alias = "num_workers", env = "NUM_WORKERS")]
    pub num_workers: Option<u16>,
    /// Seconds after which a silent or slow connection is closed.
    #[arg(long, alias = "keepalive_timeout", env = "KEEPALIVE_TIMEOUT", default_value_t = 75)]
    pub keepalive_timeout: u64,
    /// As in LiteLLM: certificates in PEM, the server's own first. With them it serves over TLS; files that change are
    /// read again.
    #[arg(long, alias = "ssl_certfile_path", env = "SSL_CERTFILE_PATH", requires = "ssl_keyfile_path")]
    pub ssl_certfile_path: Option<PathBuf>,
    /// As in LiteLLM: the certificate's private key, in PEM.
    #[arg(long, alias = "ssl_keyfile_path", env = "SSL_KEYFILE_PATH", requires = "ssl_certfile_path")]
    pub ssl_keyfile_path: Option<PathBuf>,
    /// Do not change the database's schema at start; refuse to serve if it does not match.
    #[arg(long, env = "TOLLGATE_NO_MIGRATE")]
    pub no_migrate: bool,
}
