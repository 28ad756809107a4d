//! Postgres' own tables on functions and views: which there are, and which objects stand on them.

use anyhow::Result;
use tokio_postgres::Client;
use tokio_postgres::types::Oid;

use crate::files::{CodeFile, Kind};

/// A function or a view that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Object {
    pub(crate) class: Oid,
    pub(crate) oid: Oid,
    /// `function name(types)` or `view name`: what DROP takes.
    pub(crate) name: String,
    /// The row's place and its transaction: they change whenever the object does.
    row: String,
    /// Its definition, as Postgres writes it.
    pub(crate) definition: String,
}

const FUNCTIONS: &str = "SELECT 'pg_proc'::regclass::oid, p.oid, 'function ' || p.oid::regprocedure, concat(p.ctid, p.xmin), pg_get_functiondef(p.oid)
    FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prokind = 'f' AND p.proname = $1";
/// A view's definition is in its rule, and its columns' names in its row.
const VIEWS: &str = "SELECT 'pg_class'::regclass::oid, c.oid, 'view ' || c.oid::regclass, concat(c.ctid, c.xmin, r.ctid, r.xmin), pg_get_viewdef(c.oid)
    FROM pg_class c JOIN pg_rewrite r ON r.ev_class = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'v' AND c.relname = $1";

/// All objects that a file's name and kind may mean: several if a function's name has several
/// signatures.
pub(crate) async fn objects(client: &Client, file: &CodeFile) -> Result<Vec<Object>> {
    let query = if file.kind == Kind::Function { FUNCTIONS } else { VIEWS };
    let rows = client.query(query, &[&file.object]).await?;
    let object = |row: &tokio_postgres::Row| Object {
        class: row.get(0),
        oid: row.get(1),
        name: row.get(2),
        row: row.get(3),
        definition: row.get(4),
    };
    Ok(rows.iter().map(object).collect())
}

/// The one that is in `after` and not, or not in this state, in `before`.
pub(crate) fn changed<'a>(before: &[Object], after: &'a [Object]) -> Option<&'a Object> {
    after.iter().find(|one| !before.iter().any(|old| (old.oid, &old.row) == (one.oid, &one.row)))
}

/// The class and oid of an object by its name, if it exists.
pub(crate) async fn find(client: &Client, name: &str) -> Result<Option<(Oid, Oid)>> {
    let (query, argument) = match name.split_once(' ') {
        Some(("function", function)) => ("SELECT 'pg_proc'::regclass::oid, to_regprocedure($1)::oid", function),
        _ => ("SELECT 'pg_class'::regclass::oid, to_regclass($1)::oid", name.trim_start_matches("view ")),
    };
    let row = client.query_one(query, &[&argument]).await?;
    Ok(row.get::<_, Option<Oid>>(1).map(|oid| (row.get(0), oid)))
}

/// An object that stands directly on another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dependent {
    pub(crate) class: Oid,
    pub(crate) oid: Oid,
    /// `function name(types)` and `view name`, anything else as Postgres describes it.
    pub(crate) name: String,
}

/// The functions, views, defaults, generated columns, constraints, indexes, triggers and policies
/// that stand directly on an object. A view's rule counts as the view, and its row type as the view
/// itself.
pub(crate) async fn dependents(client: &Client, class: Oid, oid: Oid) -> Result<Vec<Dependent>> {
    let rows = client
        .query(
            "WITH target AS (
                 SELECT $1::oid AS class, $2::oid AS oid
                 UNION ALL
                 SELECT 'pg_type'::regclass::oid, t.oid FROM pg_class c JOIN pg_type t ON t.oid = c.reltype OR t.typelem = c.reltype AND t.typcategory = 'A'
                 WHERE $1 = 'pg_class'::regclass AND c.oid = $2
             ), found AS (
                 SELECT DISTINCT CASE WHEN r.oid IS NULL THEN d.classid ELSE 'pg_class'::regclass::oid END AS class,
                     coalesce(r.ev_class, d.objid) AS oid, CASE WHEN r.oid IS NULL THEN d.objsubid ELSE 0 END AS part
                 FROM target t JOIN pg_depend d ON (d.refclassid, d.refobjid) = (t.class, t.oid) AND d.deptype IN ('n', 'a')
                 LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
             )
             SELECT f.class, f.oid, CASE
                 WHEN f.class = 'pg_proc'::regclass THEN 'function ' || f.oid::regprocedure
                 WHEN f.class = 'pg_class'::regclass AND c.relkind = 'v' THEN 'view ' || f.oid::regclass
                 ELSE pg_describe_object(f.class, f.oid, f.part) END
             FROM found f LEFT JOIN pg_class c ON f.class = 'pg_class'::regclass AND c.oid = f.oid
             WHERE (f.class, f.oid) <> ($1, $2) ORDER BY 3",
            &[&class, &oid],
        )
        .await?;
    Ok(rows.iter().map(|row| Dependent { class: row.get(0), oid: row.get(1), name: row.get(2) }).collect())
}

/// The constraints, indexes and generated columns whose rows were judged by a function, directly or
/// through functions that are built on it: another body would leave rows that were judged by the
/// old one.
pub(crate) async fn judged_by(client: &Client, class: Oid, oid: Oid) -> Result<Vec<String>> {
    let rows = client
        .query(
            "WITH RECURSIVE uses (class, oid, part) AS (
                 SELECT $1::oid, $2::oid, 0
                 UNION
                 SELECT d.classid, d.objid, d.objsubid FROM uses u
                 JOIN pg_depend d ON (d.refclassid, d.refobjid) = (u.class, u.oid) AND d.deptype IN ('n', 'a')
                 WHERE u.class = 'pg_proc'::regclass
             )
             SELECT DISTINCT pg_describe_object(u.class, u.oid, u.part) FROM uses u
             LEFT JOIN pg_class c ON u.class = 'pg_class'::regclass AND c.oid = u.oid
             LEFT JOIN pg_attrdef f ON u.class = 'pg_attrdef'::regclass AND f.oid = u.oid
             LEFT JOIN pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum
             WHERE u.class = 'pg_constraint'::regclass OR c.relkind IN ('i', 'I') OR a.attgenerated <> ''
             ORDER BY 1",
            &[&class, &oid],
        )
        .await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Statements that give an object's rights again after it was dropped and made anew; `%s` stands
/// for its name.
pub(crate) async fn grants(client: &Client, class: Oid, oid: Oid) -> Result<Vec<String>> {
    let rows = client
        .query(
            "WITH held AS (SELECT p.proacl AS acl FROM pg_proc p WHERE $1 = 'pg_proc'::regclass AND p.oid = $2
                 UNION ALL SELECT c.relacl FROM pg_class c WHERE $1 = 'pg_class'::regclass AND c.oid = $2)
             SELECT 'REVOKE ALL ON %s FROM PUBLIC' FROM held WHERE acl IS NOT NULL
             UNION ALL
             SELECT format('GRANT %s ON %%s TO %s%s', a.privilege_type,
                 CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END, CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
             FROM held, aclexplode(acl) AS a",
            &[&class, &oid],
        )
        .await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
