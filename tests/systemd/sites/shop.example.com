# The site of a shop, before merx came.
server {
    listen 443 ssl;
    server_name shop.example.com;
    ssl_certificate /etc/ssl/sites/cert.pem;
    ssl_certificate_key /etc/ssl/sites/key.pem;
    root /var/www/shop.example.com;
}
