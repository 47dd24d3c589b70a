//! A check as a row of a table: what it is called, what it is about, and how it is made.

use std::future::Future;
use std::pin::Pin;

use super::auditor::Auditor;
use super::cure::Cures;
use super::options::Level;
use super::severity::Severity;
use super::verdict::Judged;

/// Rows about one subject, in the order in which they run.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    pub name: &'static str,
    /// The question that its checks answer.
    pub about: &'static str,
    pub checks: &'static [Check],
}

#[derive(Debug, Clone, Copy)]
pub struct Check {
    pub id: &'static str,
    pub level: Level,
    /// The most severe finding.
    pub severity: Severity,
    /// What a finding says.
    pub title: &'static str,
    /// Sections of RFCs, CWE numbers, chapters of the OWASP testing guide.
    pub rule: &'static str,
    /// What is done, what it means, and when it is a finding.
    pub about: &'static str,
    /// What somebody gains from the fault, or what goes wrong with it, in a sentence.
    pub risk: &'static str,
    pub cures: Cures,
    /// The most connections that it makes.
    pub connections: u32,
    pub(super) run: Run,
}

pub(super) type Run = for<'a> fn(&'a mut Auditor) -> Judging<'a>;

pub(super) type Judging<'a> = Pin<Box<dyn Future<Output = Judged> + 'a>>;
