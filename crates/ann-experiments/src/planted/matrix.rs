//! The kill matrix: which rule catches which fault, and which rule blames right gradients.

use ann_core::Problem;
use ann_gradcheck::Verdict;
use rayon::prelude::*;
use serde::Serialize;

use super::{Fault, Planted, Rule, TestNetwork, networks};
use crate::verification::backpropagation;

const RULES: usize = Rule::ALL.len();
/// Number of seeds with which right gradients are judged.
const SEEDS: u64 = 10;

/// How each rule judges wrong and right gradients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrix {
    /// A line for each fault: among the networks to which it applies, the
    /// number on which each rule catches it.
    ///
    /// A rule catches a fault if it blames the gradient with the fault and not the gradient without it. So a
    /// rule that always blames catches nothing.
    pub caught: Vec<Line>,
    /// Three lines for the engine's gradients, with the number that each rule blames: on smooth
    /// networks, on networks with kinks, and where a pre-activation is exactly at a kink, as with
    /// zero biases and an input of zeros.
    pub blamed: Vec<Line>,
}

/// The number of gradients of one sort that each rule catches, or blames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Which gradients.
    pub name: String,
    /// How many there are.
    pub of: usize,
    counts: [usize; RULES],
}

/// One number of the matrix, as a line of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// `caught` or `blamed`.
    pub table: &'static str,
    /// The fault, or which right gradients.
    pub gradient: String,
    /// The name of the rule.
    pub rule: &'static str,
    /// How many the rule catches, or blames.
    pub count: usize,
    /// How many there are.
    pub of: usize,
}

/// Tests every fault on each of the [`networks`] of `seed` to which it applies, and the engine's
/// gradients on the networks of ten seeds.
pub fn kill_matrix(seed: u64) -> Matrix {
    let networks: Vec<Judged> = networks(seed).into_par_iter().map(Judged::new).collect();
    let caught = Fault::ALL.par_iter().map(|&fault| caught(fault, &networks));
    Matrix { caught: caught.collect(), blamed: blamed(seed) }
}

impl Fault {
    /// Whether this fault changes the gradient of `network` in any entry, on the first call or on the second.
    pub fn applies(self, network: &TestNetwork) -> bool {
        let problem = network.problem();
        let (mut faulty, mut right) = (Planted::new(Some(self)), Planted::new(None));
        let call = |planted: &mut Planted| {
            let mut out = vec![f64::NAN; network.at.len()];
            planted.gradient(&problem, &network.at, &mut out);
            out
        };
        (0..2).any(|_| call(&mut faulty) != call(&mut right))
    }
}

/// A network, and which rules blame its right gradient.
struct Judged {
    network: TestNetwork,
    right: [bool; RULES],
}

impl Judged {
    fn new(network: TestNetwork) -> Self {
        Self { right: judge_planted(None, &network), network }
    }
}

fn caught(fault: Fault, networks: &[Judged]) -> Line {
    let applicable = networks.iter().filter(|judged| fault.applies(&judged.network));
    let catches = applicable.map(|Judged { network, right }| {
        let wrong = judge_planted(Some(fault), network);
        std::array::from_fn(|rule| wrong[rule] && !right[rule])
    });
    Line::new(fault.what(), &catches.collect::<Vec<_>>())
}

fn blamed(seed: u64) -> Vec<Line> {
    let networks: Vec<TestNetwork> = (seed..seed + SEEDS).flat_map(networks).collect();
    let line = |name, is_meant: fn(&TestNetwork) -> bool| {
        let meant = networks.par_iter().filter(|network| is_meant(network));
        let blames = meant.map(|network| judge(network, || backpropagation));
        Line::new(name, &blames.collect::<Vec<_>>())
    };
    vec![
        line("smooth functions: sigmoid, tanh, SiLU, Mish, GELU, softplus", |network| !network.has_kinks()),
        line("kinks: ReLU, leaky ReLU, ELU, SELU, absolute and quantile loss", |network| {
            network.has_kinks() && !network.is_at_kink
        }),
        line("ReLU, a unit at its kink", |network| network.is_at_kink),
    ]
}

fn judge_planted(fault: Option<Fault>, network: &TestNetwork) -> [bool; RULES] {
    judge(network, || {
        let mut planted = Planted::new(fault);
        move |problem: &Problem<'_>, at: &[f64], out: &mut [f64]| planted.gradient(problem, at, out)
    })
}

/// Which rules blame a gradient; each rule gets a fresh copy of it.
fn judge<G: FnMut(&Problem<'_>, &[f64], &mut [f64])>(
    network: &TestNetwork,
    gradient: impl Fn() -> G,
) -> [bool; RULES] {
    let problem = network.problem();
    Rule::ALL.map(|rule| rule.blames(&problem, &network.at, &mut gradient()))
}

impl Matrix {
    /// All faults in one line.
    pub fn all_caught(&self) -> Line {
        Line::sum("all faults", &self.caught)
    }

    /// All right gradients in one line.
    pub fn all_blamed(&self) -> Line {
        Line::sum("all right gradients", &self.blamed)
    }

    /// Pass if our rule catches all faults and blames no right gradient, otherwise
    /// fail: such a checker proves nothing.
    pub fn verdict(&self) -> Verdict {
        let (caught, blamed) = (self.all_caught(), self.all_blamed());
        if caught.ours() == caught.of && blamed.ours() == 0 { Verdict::Pass } else { Verdict::Fail }
    }

    /// A line for each rule: how many faults it catches, and how many right gradients it blames.
    pub fn summary(&self) -> String {
        let (caught, blamed) = (self.all_caught(), self.all_blamed());
        let line =
            |name: &str, caught: &str, blamed: &str| format!("{name:<15}  {caught:>24}  {blamed:>26}\n");
        let head = line("", "planted faults caught", "right gradients blamed");
        let of = |count: usize, line: &Line| format!("{count} of {}", line.of);
        let rules = caught.counts().zip(blamed.counts());
        let lines = rules.map(|((rule, c), (_, b))| line(rule.name(), &of(c, &caught), &of(b, &blamed)));
        head + &lines.collect::<String>()
    }

    /// Two tables in Markdown: faults caught, with their total; and right gradients blamed.
    pub fn to_markdown(&self) -> String {
        let caught =
            self.caught.iter().chain([&self.all_caught()]).map(Line::to_markdown).collect::<String>();
        let blamed = self.blamed.iter().map(Line::to_markdown).collect::<String>();
        format!("{}{caught}\n{}{blamed}", head("fault", "networks"), head("right, but blamed", "gradients"))
    }

    /// Every number, for a file.
    pub fn cells(&self) -> impl Iterator<Item = Cell> {
        let caught = self.caught.iter().flat_map(|line| line.cells("caught"));
        caught.chain(self.blamed.iter().flat_map(|line| line.cells("blamed")))
    }
}

impl Line {
    fn new(name: &str, gradients: &[[bool; RULES]]) -> Self {
        let count = |rule: usize| gradients.iter().filter(|by| by[rule]).count();
        Self { name: name.into(), of: gradients.len(), counts: std::array::from_fn(count) }
    }

    fn sum(name: &str, lines: &[Self]) -> Self {
        let count = |rule: usize| lines.iter().map(|line| line.counts[rule]).sum();
        let of = lines.iter().map(|line| line.of).sum();
        Self { name: name.into(), of, counts: std::array::from_fn(count) }
    }

    /// How many of these gradients we catch, or blame.
    pub fn ours(&self) -> usize {
        self.counts().filter(|(rule, _)| *rule == Rule::Ours).map(|(_, count)| count).sum()
    }

    /// How many of these gradients each rule catches, or blames.
    pub fn counts(&self) -> impl Iterator<Item = (Rule, usize)> {
        Rule::ALL.into_iter().zip(self.counts)
    }

    fn to_markdown(&self) -> String {
        let counts = self.counts.map(|count| count.to_string()).join(" | ");
        format!("| {} | {} | {counts} |\n", self.name, self.of)
    }

    fn cells(&self, table: &'static str) -> impl Iterator<Item = Cell> {
        self.counts().map(move |(rule, count)| Cell {
            table,
            gradient: self.name.clone(),
            rule: rule.name(),
            count,
            of: self.of,
        })
    }
}

fn head(name: &str, of: &str) -> String {
    let rules = Rule::ALL.map(Rule::name).join(" | ");
    format!("| {name} | {of} | {rules} |\n|---|{}\n", "--:|".repeat(1 + RULES))
}
