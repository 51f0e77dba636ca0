#[path = "../tests/models.rs"]
mod models;
fn main() {
    let m = models::single(models::TASKS[0], models::Without::Nothing, &models::ACTIVATIONS[8]);
    println!("{}", ann_export::rust(&m).unwrap());
}
