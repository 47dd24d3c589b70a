# A static program in an image that holds nothing else: docker run --rm -i IMAGE wss://example.com/
FROM rust:1-alpine AS build
RUN apk add --no-cache gcc musl-dev
WORKDIR /src
COPY . .
RUN cargo build --release --locked --bin wsee

FROM scratch
COPY --from=build /src/target/release/wsee /usr/bin/wsee
COPY --from=build /src/LICENSE-APACHE /src/LICENSE-MIT /usr/share/licenses/wsee/
# Nobody: it opens sockets and files of its user only.
USER 65534:65534
ENTRYPOINT ["/usr/bin/wsee"]
