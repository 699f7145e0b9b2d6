//! The page that shows how applications are connected.

use super::site::Site;

#[tokio::test]
async fn every_client_has_its_lines() {
    let site = Site::open().await;
    let page = site.get("/ui/connect").await;
    page.says("YOUR_KEY").says("/v1/chat/completions").says("/ui/connect?client=anthropic");
    for client in crate::clients::CLIENTS {
        let page = site.get(&format!("/ui/connect?client={}&model=my-model%22", client.name)).await;
        page.says(client.label).says("my-model").says("YOUR_KEY").says(client.docs);
        page.says("aria-current=\"page\"").never_says("BASE_URL/").never_says("my-model\"</");
    }
    site.get("/ui").await.says("href=\"/ui/connect\"");
}
