//! Sums as people write them: `600*2500 + 10*10000`, in nano-dollars, exact to a thousandth of one.

/// The sum in pico-dollars.
pub fn picos(text: &str) -> i128 {
    text.split('+').map(product).sum()
}

fn product(text: &str) -> i128 {
    let mut value = 1_i128;
    // Each factor may have three decimals: the product of two has six.
    let mut scale = 1_i128;
    for factor in text.split('*') {
        let (factor, places) = decimal(factor.trim());
        value *= factor;
        scale *= places;
    }
    assert_eq!(value * 1000 % scale, 0, "finer than a pico-dollar: {text}");
    value * 1000 / scale
}

/// A decimal number as a whole one, and what it was multiplied by.
fn decimal(text: &str) -> (i128, i128) {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{fraction}").replace('_', "");
    (
        digits.parse().unwrap_or_else(|_| panic!("not a number: {text}")),
        10_i128.pow(u32::try_from(fraction.len()).unwrap()),
    )
}

#[test]
fn sums_are_worked_out() {
    assert_eq!(picos("2*3 + 4"), 10_000);
    assert_eq!(picos("1_000*12.5 + 0.001"), 12_500_001);
}
